import { SECOND } from '../clock.ts'
import { parseBarcode } from '../ids.ts'
import { access } from '../loans/access.ts'
import type { Answers } from './answers.ts'
import type { WebContext, WebDeps } from './context.ts'
import { createEdgeVersion, EDGE_VERSION } from './edge-version.ts'
import { cacheControlFor } from './iiif.ts'
import type { Router } from './routes.ts'
import { createSlowing } from './slowing.ts'

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
  const edgeVersion = createEdgeVersion(settings)

  function check(c: WebContext, page: number | undefined): Response {
    const visitor = c.get('visitor')
    if (visitor === undefined) return answers.refuseJson(c, { kind: 'not-signed-in' })
    const barcode = parseBarcode(c.req.param('barcode') ?? '')
    const loan = barcode && access({ loans, clock }, barcode, visitor.patron)
    if (barcode === undefined || loan === undefined)
      return answers.refuseJson(c, { kind: 'not-on-loan' })
    const slowed = slowing(barcode, loan.id, page)
    if (slowed !== undefined) {
      return answers.refuseJson(c, slowed, { 'Retry-After': String(slowed.retryAfterS) })
    }
    const now = clock.now()
    return c.body(null, 204, {
      [EDGE_VERSION]: edgeVersion(loan.manifestVersion),
      'Cache-Control': cacheControlFor(loan.dueAt, now + KEPT_MS),
      'X-Accel-Expires': loan.dueAt - now > KEPT_MS ? String(KEPT_MS / SECOND) : '0',
    })
  }

  route('/edge/:barcode', { GET: (c) => check(c, undefined) })
  route('/edge/:barcode/:number', {
    GET: (c) => {
      const number = c.req.param('number') ?? ''
      if (!/^[1-9]\d{0,5}$/.test(number)) return answers.refuseJson(c, { kind: 'no-such-image' })
      return check(c, Number(number))
    },
  })
}
