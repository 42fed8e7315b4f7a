import { setTimeout as pause } from 'node:timers/promises'
import { type Barcode, parseBarcode } from '../ids.ts'
import type { CoverSearch, CoverState } from '../items/cover-search.ts'
import type { Answers } from './answers.ts'
import type { WebDeps } from './context.ts'
import type { CoverSearchPart } from './item-pages.ts'
import type { Router } from './routes.ts'

/** Staff see what came of it on the next page, unless a service is slower than this. */
const WAIT_MS = 4_000

/** Looking for an item's cover because staff ask for it. */
export function lookForCoverRoutes(router: Router, deps: WebDeps, answers: Answers): void {
  const { items, covers, audit, clock } = deps
  if (!covers.isOffered) return

  router.route('/look-for-cover/:barcode', {
    POST: router.staffOnly(async (c, { patron }) => {
      const barcode = parseBarcode(c.req.param('barcode') ?? '')
      if (barcode === undefined || items.find(barcode) === undefined) {
        return answers.refuse(c, { kind: 'unknown-item' })
      }
      audit.record({ at: clock.now(), staff: patron, act: 'look-for-cover', barcode })
      await Promise.race([covers.lookNow(barcode), pause(WAIT_MS, undefined, { ref: false })])
      return c.redirect(`/edit/${barcode}`, 303)
    }),
  })
}

/** What the page of an item offers and says of looking for its cover. */
export function coverSearchPart(
  covers: CoverSearch,
  barcode: Barcode,
  hasCover: boolean,
): CoverSearchPart {
  const state = covers.isOffered && !hasCover ? covers.stateOf(barcode) : undefined
  return {
    offered: covers.isOffered && !hasCover && state?.kind !== 'looking',
    words: state === undefined ? '' : coverWords(state),
  }
}

/** What came of looking for a cover, in words for staff; '' where the page shows it. */
function coverWords(state: CoverState): string {
  switch (state.kind) {
    case 'waiting':
      return 'Carrel will look for a cover by itself, after those of other items.'
    case 'looking':
      return 'Carrel is looking for a cover. Load this page again in a moment to see it.'
    case 'none':
      return 'No service that Carrel asks has a cover of this item.'
    case 'unreachable':
      return `No cover was found: no usable answer from ${state.sources.join(', ')}. Try again later.`
    case 'nothing-to-ask-by':
      return 'Carrel can look for a cover when the item has an ISBN.'
    case 'fault':
      return 'Carrel could not look for a cover; the log says why.'
    case 'found':
    case 'not-needed':
      return ''
  }
}
