import { parseBarcode } from '../ids.ts'
import type { Item } from '../items/items.ts'
import { availability } from '../loans/borrow.ts'
import type { Answers } from './answers.ts'
import type { WebContext, WebDeps } from './context.ts'
import { changesAt, iso, itemPages } from './item-page.ts'
import type { Refused } from './refusals.ts'
import type { Router } from './routes.ts'

/** The item's page, and its state as JSON for the pages that keep themselves up to date. */
export function itemRoutes({ route, signedIn }: Router, deps: WebDeps, answers: Answers): void {
  const { clock } = deps
  const { show, explain } = itemPages(deps, answers)

  function find(c: WebContext): Item | undefined {
    const barcode = parseBarcode(c.req.param('barcode') ?? '')
    return barcode && deps.items.find(barcode)
  }

  const noSuchItem: Refused = { kind: 'unknown-item' }

  route('/item/:barcode', {
    GET: signedIn((c, visitor) => {
      const item = find(c)
      return item === undefined ? answers.refuse(c, noSuchItem) : show(c, item, visitor)
    }),
  })

  route('/item-status/:barcode', {
    GET: async (c) => {
      const visitor = c.get('visitor')
      if (visitor === undefined) return answers.refuseJson(c, { kind: 'not-signed-in' })
      const item = find(c)
      if (item === undefined) return answers.refuseJson(c, noSuchItem)
      const decision = await availability(deps.lending, item.barcode, visitor.patron)
      const onLoan = decision.kind === 'on-loan-to-you'
      const status = {
        available: decision.kind === 'available',
        loaned_by_user: onLoan,
        explanation: explain(decision).explanation,
        when_available: onLoan ? null : iso(changesAt(decision)),
        due_at: onLoan ? iso(decision.dueAt) : null,
        now: iso(clock.now()),
      }
      return c.json(status, 200, { 'Cache-Control': 'no-store' })
    },
  })
}
