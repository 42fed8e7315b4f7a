import { initiate, scanState } from '../scans/state.ts'
import type { Answers } from './answers.ts'
import type { WebDeps } from './context.ts'
import { itemActs } from './item-acts.ts'
import type { Router } from './routes.ts'

/** Asking for the conversion of an item's scans. */
export function processingRoutes(router: Router, deps: WebDeps, answers: Answers): void {
  const { settings, log } = deps
  const { forItem, record } = itemActs(router, deps, answers)

  router.route('/start-processing', {
    POST: forItem(async (c, request, visitor) => {
      const { item, itemInList } = request
      const { processDir } = settings
      if (processDir === undefined) return answers.refuse(c, { kind: 'not-processed-here' })
      const { kind } = await scanState(processDir, item.barcode)
      // Asked in two tabs, or while it runs: once is enough.
      if (kind === 'none' || kind === 'problem') {
        // Recorded first: what was asked for in vain is in the record, and nothing is done without.
        record(request, visitor, 'process')
        await initiate(processDir, item.barcode)
        log.info({ item: item.barcode }, 'item.process')
      }
      return c.redirect(itemInList, 303)
    }),
  })
}
