import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { SECURITY_HEADERS } from './headers.ts'

/** Status lines of what Node cannot read (RFC 9112, and RFC 6585 section 5), by its own codes. */
const UNREADABLE: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Content Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/**
 * Puts the security headers on all that leaves the server, also on what is answered before any
 * route is asked: requests that cannot be read, expectations that nobody knows, tunnels.
 */
export function secureAnswers(server: Server): void {
  server.prependListener('request', (_, answer) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) answer.setHeader(name, value)
  })
  server.on('checkExpectation', (_, answer) => {
    answer.writeHead(417, { ...SECURITY_HEADERS, Connection: 'close' }).end()
  })
  server.on('connect', (_, socket: Socket) => refuse(socket, '405 Method Not Allowed', ALLOW))
}

/** Says so to whoever sends what cannot be read. Sees all requests, also those answered early. */
export function refuseUnreadable(server: Server): void {
  const latest = new WeakMap<Socket, ServerResponse>()
  server.prependListener('request', ({ socket }, answer) => {
    latest.set(socket, answer)
    // Else each connection that rests keeps its last request and answer in memory.
    answer.on('finish', () => {
      if (latest.get(socket) === answer) latest.delete(socket)
    })
  })
  server.on('clientError', (fault: NodeJS.ErrnoException, socket: Socket) => {
    const answer = latest.get(socket)
    // What follows a request that is being answered would end up inside of that answer.
    if (answer?.headersSent && !answer.writableEnded) socket.destroy()
    else refuse(socket, UNREADABLE[fault.code ?? ''] ?? '400 Bad Request')
  })
}

/** No path of ours leads anywhere else, so a tunnel (RFC 9110 section 9.3.6) has no address here. */
const ALLOW = { Allow: 'GET, HEAD, POST, OPTIONS' }

function refuse(socket: Socket, status: string, more: Readonly<Record<string, string>> = {}): void {
  const headers = { ...SECURITY_HEADERS, ...more, Connection: 'close', 'Content-Length': '0' }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`)
  socket.destroySoon()
}
