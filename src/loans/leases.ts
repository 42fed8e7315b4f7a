import { LRUCache } from 'lru-cache'
import type { PaceBook, Paced } from './pace.ts'

/** A process asks about one request of a reader. */
export interface LeaseQuestion {
  readonly loanId: number
  readonly page: number | undefined
  /** Requests of this loan that it may still let through by itself. */
  readonly left: number
}

export interface LeaseAnswer {
  readonly paced: Paced
  /** So many more requests of this loan it may let through without asking. */
  readonly lent: number
}

export interface Leases {
  /** @param holder the process that asks, by its number */
  ask(holder: number, question: LeaseQuestion): LeaseAnswer
  /** The process is gone, and nobody knows how much it has let through: all counts as used. */
  gone(holder: number): void
}

/** So many requests are let through between two questions, where there is plenty. */
const LARGEST_LEASE = 200
const MOST_LOANS = 100_000

/**
 * Lets several processes keep to one pace for each loan, without a question for each request.
 * What is lent to one process is not there for the others: so each gets a small part of what is
 * left, and near the end of it single requests. In the worst case a reader whose requests come by
 * other ways than before is slowed down a quarter of the burst too early; nobody ever gets more.
 *
 * @param processes how many there are
 */
export function createLeases(pace: PaceBook, processes: number): Leases {
  const share = 1 / (4 * processes)
  const held = new Map<number, LRUCache<number, number>>()

  function heldBy(holder: number): LRUCache<number, number> {
    const known = held.get(holder)
    if (known !== undefined) return known
    const fresh = new LRUCache<number, number>({ max: MOST_LOANS })
    held.set(holder, fresh)
    return fresh
  }

  return {
    ask(holder, { loanId, page, left }) {
      const counts = heldBy(holder)
      pace.settle(loanId, Math.max(0, (counts.get(loanId) ?? 0) - left))
      const paced = pace.take(loanId, page)
      const lent = pace.lend(loanId, share, LARGEST_LEASE - left)
      counts.set(loanId, left + lent)
      return { paced, lent }
    },
    gone(holder) {
      for (const [loanId, count] of held.get(holder) ?? []) pace.settle(loanId, count)
      held.delete(holder)
    },
  }
}
