import { once } from 'node:events'
import { Agent, request } from 'node:https'
import { buffer } from 'node:stream/consumers'
import { connect } from 'node:tls'

/** The front servers of the tests have certificates that nobody has signed. */
const UNSIGNED = { rejectUnauthorized: false } as const

export interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Signs in with Basic: `name:password`. */
  readonly as?: string
  readonly body?: string
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** Sends requests to one server over kept connections, with every target exactly as given. */
export function httpsClient(url: string, connections = 1) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, ...UNSIGNED })
  const { hostname, port } = new URL(url)
  return async (path: string, asking: Asking = {}): Promise<Answer> => {
    const { method = 'GET', headers = {}, as, body } = asking
    const all = { ...(as !== undefined && { authorization: basic(as) }), ...headers }
    const sent = request({ agent, hostname, port, path, method, headers: all })
    sent.end(body)
    const [answer] = await once(sent, 'response')
    return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) }
  }
}

export const basic = (nameAndPassword: string) =>
  `Basic ${Buffer.from(nameAndPassword).toString('base64')}`

/**
 * Sends bytes as they are over TLS, as no client library would.
 *
 * @param options andLeave: hangs up after the last of them
 * @returns all that came back
 */
export function rawHttps(url: string, bytes: string, { andLeave = false } = {}): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ...UNSIGNED }, () => {
      socket.write(bytes, 'latin1')
      if (andLeave) socket.end()
    })
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    socket.on('close', () => resolve(answer)).on('error', reject)
  })
}
