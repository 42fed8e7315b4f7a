import { chmodSync, existsSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { dirname } from 'node:path'
import { SECOND } from './clock.ts'
import type { Settings } from './settings.ts'

type Place = Pick<Settings, 'host' | 'port' | 'socket' | 'demonstration'>

const DRAIN_MS = 10 * SECOND

/** What one client can hold of the server, in milliseconds where it is a time. */
export const BOUNDS = {
  /** From the first byte of a request's head to its last. */
  headersTimeout: 10 * SECOND,
  /** The same for a whole request. */
  requestTimeout: 30 * SECOND,
  connectionsCheckingInterval: SECOND,
  /** Longer than front servers keep theirs, or they would send into a connection just closed. */
  keepAliveTimeout: 75 * SECOND,
} as const

/** No byte in or out for so long, while an answer is under way, ends the connection. */
const STALLED_MS = 60 * SECOND
/** One file descriptor each: see LimitNOFILE in deploy/carrel.service. */
const MOST_CONNECTIONS = 4_096

/**
 * Slow and stalled clients are let go, so that they cannot take all there is.
 *
 * @returns `drain`: stops listening, and lets running answers finish for up to 10 s
 */
export function bound(server: Server, stalledMs = STALLED_MS): () => Promise<void> {
  server.timeout = stalledMs
  server.maxConnections = MOST_CONNECTIONS
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeIdleConnections()
    // Browsers open some to be ready; as long as nothing was sent, Node counts them as busy.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
    const limit = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
    await closed
    clearTimeout(limit)
  }
}

/** Starts to listen. @returns the address, with the port that the system chose when it was 0 */
export async function listen(server: Server, place: Place): Promise<string> {
  const { host, port, socket } = place
  if (socket !== undefined) {
    mkdirSync(dirname(socket), { recursive: true })
    if (existsSync(socket) && lstatSync(socket).isSocket()) unlinkSync(socket)
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new Error(listenFault(cause, place), { cause })))
    server.listen(socket === undefined ? { host, port } : { path: socket }, resolve)
  })
  if (socket !== undefined) {
    chmodSync(socket, 0o660)
    return socket
  }
  const at = server.address() as AddressInfo
  return `http://${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}`
}

function listenFault(cause: Error, place: Place): string {
  const { host, port, socket, demonstration } = place
  const where = socket ?? `${host} port ${port}`
  if ((cause as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    const remedy = demonstration
      ? 'stop the other program, or choose another port: PORT=8081 npm start'
      : 'choose another PORT'
    return `cannot listen on ${where}: it is in use; ${remedy}`
  }
  return `cannot listen on ${where}: ${cause.message}`
}
