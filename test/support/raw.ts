import { connect } from 'node:net'

export interface RawAnswer {
  readonly status: number
  /** By lower-case name; of several the last. */
  readonly headers: ReadonlyMap<string, string>
  /** Latin-1, all that came after the head. */
  readonly body: string
  /** All that came. */
  readonly whole: string
}

/**
 * Sends bytes as they are, as no client library would, and reads until the server closes.
 *
 * @param bytes Latin-1
 * @param from the address to come from
 */
export function sendRaw(url: string, bytes: string, from = '127.0.0.1'): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    let whole = ''
    const socket = connect({ host: hostname, port: Number(port), localAddress: from })
    socket.setEncoding('latin1')
    socket.on('connect', () => socket.write(bytes, 'latin1'))
    socket.on('data', (part) => {
      whole += part
    })
    // A server that closes on what it cannot read may reset the connection after its answer.
    socket.on('error', () => {})
    socket.on('close', () => resolve(readAnswer(whole)))
  })
}

/** One request, after which the server is to close. `headers`: more lines, without their CR LF. */
export function requestBytes(line: string, ...headers: string[]): string {
  return `${[`${line} HTTP/1.1`, 'Host: x', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n`
}

function readAnswer(whole: string): RawAnswer {
  const end = whole.indexOf('\r\n\r\n')
  const [first = '', ...lines] = whole.slice(0, end).split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]),
    headers: new Map(headers),
    body: whole.slice(end + 4),
    whole,
  }
}
