import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { parseBarcode } from '../ids.ts'
import { access } from '../loans/access.ts'
import { hasVersion } from './conditional.ts'
import type { WebDeps } from './context.ts'
import { EDGE_VERSION } from './edge-version.ts'
import { SECURITY_HEADERS } from './headers.ts'
import { identifyBy } from './identity.ts'
import { cacheControlFor, IMAGE_ROUTE } from './iiif.ts'
import { pageRead } from './slowing.ts'

/** Answers a request and says so, or leaves it untouched. */
export type Hit = (request: IncomingMessage, answer: ServerResponse) => boolean

/** An image of an item, spelled without any escape: what the viewer asks for. */
const TARGET =
  /^\/iiif\/([\w.-]+)\/([1-9]\d{0,5})\/([\w.,:!^-]+)\/([\w.,:!^-]+)\/([\w.,:!^-]+)\/([\w.,:!^-]+)$/

const FOR_EDGE = EDGE_VERSION.toLowerCase()
const CONSTANT_HEADERS = Object.entries(SECURITY_HEADERS).flat()

/**
 * What a reader does is tiles, nearly all of them kept in memory. Those are answered here, before
 * any router, by the very gates of the slow way: who asks, the loan, the image of the item's
 * manifest, the reader's pace, a size that was allowed when it was kept. Whatever is not plainly a
 * hit is left to the slow way, also every "no": so there is one place for each of them.
 */
export function createTileHits(deps: WebDeps): Hit {
  const { settings, clock, loans, manifests, tiles, pace, metrics, statistics } = deps
  const identify = identifyBy(settings)
  const vary = `Cookie, ${settings.remoteUserHeader}`

  return (request, answer) => {
    if (request.method !== 'GET') return false
    const found = TARGET.exec(request.url ?? '')
    if (found === null) return false
    const started = performance.now()
    const { hosts, isForEdge, ifNoneMatch } = headOf(request)
    const barcode = parseBarcode(found[1] ?? '')
    if (hosts !== 1 || isForEdge || barcode === undefined) return false
    const identity = identify(request)
    if (identity.kind !== 'somebody') return false
    const loan = access({ loans, clock }, barcode, identity.patron)
    if (loan === undefined) return false
    const image = manifests.atHand(barcode, loan.manifestVersion)?.images[Number(found[2]) - 1]
    if (image === undefined) return false
    const segments = found.slice(3)
    const kept = tiles.hit({ barcode, version: loan.manifestVersion, image }, segments)
    if (kept === undefined) return false
    if (!pace.pass(loan.id, pageRead(image.number, segments))) return false

    const { bytes, type, etag } = kept
    const isUnchanged = hasVersion(ifNoneMatch, etag)
    const headers = [
      ...CONSTANT_HEADERS,
      ...['Cache-Control', cacheControlFor(loan.dueAt, clock.now()), 'Vary', vary, 'ETag', etag],
    ]
    if (isUnchanged) answer.writeHead(304, headers).end()
    else {
      headers.push('Content-Type', type, 'Content-Length', String(bytes.length))
      answer.writeHead(200, headers).end(bytes)
    }
    if (loan.counted) statistics.pageRequests.count(barcode)
    metrics.kept(IMAGE_ROUTE, isUnchanged ? 304 : 200, (performance.now() - started) / 1000)
    return true
  }
}

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

/** Lets `hit` see each request before those who listen already. */
export function answerFirst(server: Server, hit: Hit): void {
  const others = server.listeners('request')
  server.removeAllListeners('request')
  server.on('request', (request, answer) => {
    if (isAnswered(hit, request, answer)) return
    for (const other of others) other.call(server, request, answer)
  })
}

/** A fault, as of a disk, must not end the process: the slow way meets it too, and says so. */
function isAnswered(hit: Hit, request: IncomingMessage, answer: ServerResponse): boolean {
  try {
    return hit(request, answer)
  } catch {
    return answer.headersSent
  }
}
