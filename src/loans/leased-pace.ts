import { LRUCache } from 'lru-cache'
import { MINUTE } from '../clock.ts'
import type { LeaseAnswer, LeaseQuestion } from './leases.ts'
import { ALLOWED, type Pace, type Paced } from './pace.ts'

type TooFast = Exclude<Paced, { kind: 'allowed' }>

interface Held {
  /** Requests that may go through without a question. */
  left: number
  /** Pages by the time at which they were last counted by the one who keeps count. */
  readonly pages: Map<number, number>
  /** The last refusals, by the page; those for too many requests stand under `undefined`. */
  readonly refused: Map<number | undefined, { until: number; paced: TooFast }>
  asking: Promise<unknown> | undefined
}

/**
 * A page that is read on and on is asked about again after so long. It may thus be forgotten in the
 * count so much too early, which lets through no page sooner that the reader has not had.
 */
const PAGE_KNOWN_MS = 10 * MINUTE
/** A program that goes on regardless is not asked about each time. */
const REFUSED_MS = 50
const MOST_LOANS = 100_000
const MOST_PAGES = 1_000

/**
 * The pace of readers in one of several processes. The process that keeps count is asked when a
 * page is new here or what it lent is used up; a tile of a page that is being read costs nothing.
 *
 * @param ask the process that keeps count; must answer in the order in which it was asked
 * @param monotonic milliseconds on a clock that nobody sets
 */
export function leasedPace(
  ask: (question: LeaseQuestion) => Promise<LeaseAnswer>,
  monotonic: () => number,
): Pace {
  const loans = new LRUCache<number, Held>({ max: MOST_LOANS })

  function heldOf(loanId: number): Held {
    const known = loans.get(loanId)
    if (known !== undefined) return known
    const fresh: Held = { left: 0, pages: new Map(), refused: new Map(), asking: undefined }
    loans.set(loanId, fresh)
    return fresh
  }

  function again({ refused }: Held, page: number | undefined, now: number): Paced | undefined {
    const last = refused.get(page)
    return last !== undefined && now < last.until ? { ...last.paced, isNews: false } : undefined
  }

  function isCounted({ pages }: Held, page: number | undefined, now: number): boolean {
    if (page === undefined) return true
    const countedAt = pages.get(page)
    return countedAt !== undefined && now - countedAt < PAGE_KNOWN_MS
  }

  /** What can be said without asking. */
  function known(held: Held, page: number | undefined): Paced | undefined {
    const now = monotonic()
    if (held.left < 1) return again(held, undefined, now)
    const paced = isCounted(held, page, now) ? ALLOWED : again(held, page, now)
    if (paced !== undefined) held.left -= 1
    return paced
  }

  async function asked(loanId: number, held: Held, page: number | undefined): Promise<Paced> {
    const { paced, lent } = await ask({ loanId, page, left: held.left })
    held.left += lent
    const now = monotonic()
    if (paced.kind === 'too-fast') {
      const under = paced.limit === 'pages' ? page : undefined
      bounded(held.refused).set(under, { until: now + REFUSED_MS, paced })
    } else if (page !== undefined) {
      bounded(held.pages).set(page, now)
    }
    return paced
  }

  async function takeInTurn(loanId: number, held: Held, page: number | undefined): Promise<Paced> {
    for (;;) {
      const paced = known(held, page)
      if (paced !== undefined) return paced
      if (held.asking === undefined) break
      // What the answer brings may do for this one too.
      await held.asking
    }
    const asking = asked(loanId, held, page).finally(() => {
      held.asking = undefined
    })
    held.asking = asking
    return asking
  }

  return {
    take(loanId, page) {
      const held = heldOf(loanId)
      return known(held, page) ?? takeInTurn(loanId, held, page)
    },
    pass(loanId, page) {
      const held = heldOf(loanId)
      if (held.left < 1 || !isCounted(held, page, monotonic())) return false
      held.left -= 1
      return true
    },
  }
}

/** What is forgotten is only asked about once more. */
function bounded<Key, Value>(map: Map<Key, Value>): Map<Key, Value> {
  if (map.size >= MOST_PAGES) map.clear()
  return map
}
