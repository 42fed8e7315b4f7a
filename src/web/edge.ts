import { type EpochMs, SECOND } from '../clock.ts'
import { parseBarcode } from '../ids.ts'
import { access } from '../loans/access.ts'
import type { OpenLoan } from '../loans/queries.ts'
import type { Answers } from './answers.ts'
import { type Early, headOf } from './before-router.ts'
import type { WebContext, WebDeps } from './context.ts'
import { createEdgeVersion, EDGE_VERSION } from './edge-version.ts'
import { identifyBy } from './identity.ts'
import { cacheControlFor } from './iiif.ts'
import type { Router } from './routes.ts'
import { createSlowing } from './slowing.ts'

const ROUTES = { item: '/edge/:barcode', page: '/edge/:barcode/:number' }

/** An edge keeps the answer for so long, so what it says must stay true for so long. */
const KEPT_MS = SECOND

/**
 * What edges ask before they send what they keep: may this person have this item now? 204, with the
 * version to look under and the Cache-Control to send along; or the refusal that the image itself
 * would get. With the number of a page, the page counts as read: see slowing.
 */
export function edgeRoutes({ route }: Router, deps: WebDeps, answers: Answers): void {
  const { settings, clock, loans } = deps
  const slowing = createSlowing(deps)
  const yes = createYes(settings)

  /** @param number of the page, as it was sent */
  async function check(c: WebContext, number?: string): Promise<Response> {
    const visitor = c.get('visitor')
    if (visitor === undefined) return answers.refuseJson(c, { kind: 'not-signed-in' })
    const barcode = parseBarcode(c.req.param('barcode') ?? '')
    const loan = barcode && access({ loans, clock }, barcode, visitor.patron)
    if (barcode === undefined || loan === undefined)
      return answers.refuseJson(c, { kind: 'not-on-loan' })
    if (number !== undefined && !/^[1-9]\d{0,5}$/.test(number))
      return answers.refuseJson(c, { kind: 'no-such-image' })
    const page = number === undefined ? undefined : Number(number)
    const slowed = await slowing(barcode, loan.id, page)
    if (slowed !== undefined) {
      return answers.refuseJson(c, slowed, { 'Retry-After': String(slowed.retryAfterS) })
    }
    return c.body(null, 204, yes(loan, clock.now()))
  }

  route(ROUTES.item, { GET: (c) => check(c) })
  route(ROUTES.page, { GET: (c) => check(c, c.req.param('number') ?? '') })
}

/**
 * Says yes before any router, as quick-tiles.ts does and for its reasons: a page that is turned costs
 * Carrel one such question for each connection of the browser. Every "no" goes the slow way.
 */
export function createEdgeHits(deps: WebDeps): Early {
  const { settings, clock, loans, metrics, pace } = deps
  const identify = identifyBy(settings)
  const yes = createYes(settings)

  return (request, answer) => {
    if (request.method !== 'GET') return false
    const found = /^\/edge\/([\w.-]+)(?:\/([1-9]\d{0,5}))?$/.exec(request.url ?? '')
    if (found === null) return false
    const started = performance.now()
    const barcode = parseBarcode(found[1] ?? '')
    if (barcode === undefined || headOf(request).hosts !== 1) return false
    const identity = identify(request)
    if (identity.kind !== 'somebody') return false
    const loan = access({ loans, clock }, barcode, identity.patron)
    if (loan === undefined) return false
    const page = found[2] === undefined ? undefined : Number(found[2])
    if (!pace.pass(loan.id, page)) return false
    answer.writeHead(204, yes(loan, clock.now())).end()
    const route = page === undefined ? ROUTES.item : ROUTES.page
    metrics.answered(route, 204, (performance.now() - started) / SECOND)
    return true
  }
}

/** The headers of a yes. */
function createYes(settings: WebDeps['settings']) {
  const edgeVersion = createEdgeVersion(settings)
  return ({ dueAt, manifestVersion }: OpenLoan, now: EpochMs): Record<string, string> => ({
    [EDGE_VERSION]: edgeVersion(manifestVersion),
    'Cache-Control': cacheControlFor(dueAt, now + KEPT_MS),
    'X-Accel-Expires': dueAt - now > KEPT_MS ? String(KEPT_MS / SECOND) : '0',
  })
}
