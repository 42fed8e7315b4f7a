import { createHash } from 'node:crypto'
import type { Settings } from '../settings.ts'
import type { WebContext } from './context.ts'

/** How long an edge keeps what it was sent, in seconds. */
const KEPT_S = '86400'

export const EDGE_VERSION = 'X-Carrel-Version'

type Facts = Pick<Settings, 'baseUrl' | 'largestView' | 'largestTile'>

/**
 * What an edge keeps images under, beside item and path: whatever decides how they are answered to
 * any reader, so that a new manifest or a new limit makes all that was kept unreachable.
 *
 * @returns from the version of the manifest that a loan reads, what goes into EDGE_VERSION
 */
export function createEdgeVersion({ baseUrl, largestView, largestTile }: Facts) {
  const facts = JSON.stringify([baseUrl, largestView, largestTile])
  const ours = createHash('sha256').update(facts).digest('hex').slice(0, 12)
  return (manifestVersion: string): string => `${manifestVersion}-${ours}`
}

/**
 * Lets an edge keep this answer, if the edge means the same version as the loan that was looked up
 * for it: it may have changed since the edge asked. Of nginx's headers for its cache, the one that
 * goes no further than nginx.
 *
 * @param version as createEdgeVersion gives it
 */
export function letEdgeKeep(c: WebContext, version: string): void {
  if (c.req.header(EDGE_VERSION) === version) c.header('X-Accel-Expires', KEPT_S)
}
