import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { EDGE_VERSION } from './edge-version.ts'

/**
 * Answers a request, now or later, and says so; or leaves it untouched, for the router.
 *
 * @param slowWay hands it to the router after all, as long as nothing of an answer was sent
 */
export type Early = (
  request: IncomingMessage,
  answer: ServerResponse,
  slowWay: () => void,
) => boolean

/** Lets `early` see each request before those who listen already. */
export function answerFirst(server: Server, early: Early): void {
  const others = server.listeners('request')
  server.removeAllListeners('request')
  server.on('request', (request, answer) => {
    const slowWay = () => {
      for (const other of others) other.call(server, request, answer)
    }
    if (!isAnswered(early, request, answer, slowWay)) slowWay()
  })
}

/** A fault, as of a disk, must not end the process: the slow way meets it too, and says so. */
function isAnswered(
  early: Early,
  request: IncomingMessage,
  answer: ServerResponse,
  slowWay: () => void,
): boolean {
  try {
    return early(request, answer, slowWay)
  } catch {
    return answer.headersSent
  }
}

const FOR_EDGE = EDGE_VERSION.toLowerCase()

/** Reads no more than it must: Node builds its object of all headers only when that is asked for. */
export function headOf({ rawHeaders }: IncomingMessage): {
  hosts: number
  isForEdge: boolean
  ifNoneMatch?: string
} {
  let hosts = 0
  let isForEdge = false
  let ifNoneMatch: string | undefined
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
    else if (name.length === 16 && name.toLowerCase() === FOR_EDGE) isForEdge = true
    else if (name.length === 13 && name.toLowerCase() === 'if-none-match') {
      const value = rawHeaders[i + 1] ?? ''
      ifNoneMatch = ifNoneMatch === undefined ? value : `${ifNoneMatch}, ${value}`
    }
  }
  return { hosts, isForEdge, ...(ifNoneMatch !== undefined && { ifNoneMatch }) }
}
