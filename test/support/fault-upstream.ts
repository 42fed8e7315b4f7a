import { createServer, type Server, type Socket } from 'node:net'

/** What an image server does on one connection, byte by byte. */
export type Script = (socket: Socket, request: { target: string; head: string }) => void

export interface FaultUpstream {
  /** http://127.0.0.1:PORT */
  readonly origin: string
  /** Every request target, in order. */
  readonly targets: string[]
  /** Every request head (request line and headers), in order. */
  readonly heads: string[]
  play(script: Script): void
  close(): Promise<void>
}

/** An image server that misbehaves as it is told: raw TCP, so that it can break HTTP too. */
export async function faultUpstream(): Promise<FaultUpstream> {
  let script: Script = (socket) => socket.destroy()
  const sockets = new Set<Socket>()
  const targets: string[] = []
  const heads: string[] = []
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    let head = ''
    socket.on('data', (part) => {
      head += part.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      const target = head.split(' ')[1] ?? ''
      targets.push(target)
      heads.push(head)
      script(socket, { target, head })
      head = ''
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    origin: `http://127.0.0.1:${port}`,
    targets,
    heads,
    play(next) {
      script = next
    },
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((done) => server.close(() => done()))
    },
  }
}

/** A whole HTTP/1.1 answer. `length`: what it says of its body, if not the truth; null: nothing. */
export function answer(
  body: Buffer | string,
  { status = 200, type = 'image/jpeg', length, headers = '' }: AnswerOptions = {},
): Buffer {
  const bytes = Buffer.from(body)
  const said = length === null ? '' : `Content-Length: ${length ?? bytes.length}\r\n`
  const mime = type === '' ? '' : `Content-Type: ${type}\r\n`
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} X\r\n${mime}${said}${headers}\r\n`), bytes])
}

export interface AnswerOptions {
  readonly status?: number
  readonly type?: string
  readonly length?: number | null
  /** More header lines, each with its CR LF. */
  readonly headers?: string
}
