import { type Clock, MINUTE } from '../clock.ts'
import type { Barcode } from '../ids.ts'
import { ALL_ITEMS, type Scope } from './totals.ts'

const QUARTER_MS = 15 * MINUTE
const QUARTERS = 4
/** Items of one quarter that are counted by themselves; further ones count in the whole only. */
const LARGEST_QUARTER = 10_000

export type PageRequests = ReturnType<typeof pageRequests>

/**
 * How often readers were sent a manifest, an info.json or an image: by quarters of an hour on the
 * clock, the present one and the three before it. In memory of the main process only.
 */
export function pageRequests(clock: Clock) {
  const ring = Array.from({ length: QUARTERS }, () => ({
    quarter: -1,
    counts: new Map<Scope, number>(),
  }))
  const present = () => Math.floor(clock.now() / QUARTER_MS)
  const slotOf = (quarter: number) => ring[quarter % QUARTERS]!

  function add(counts: Map<Scope, number>, scope: Scope, times: number): void {
    const count = counts.get(scope)
    if (count === undefined && counts.size > LARGEST_QUARTER) return
    counts.set(scope, (count ?? 0) + times)
  }

  return {
    count(barcode: Barcode, times = 1): void {
      const quarter = present()
      const slot = slotOf(quarter)
      if (slot.quarter !== quarter) {
        slot.quarter = quarter
        slot.counts.clear()
      }
      add(slot.counts, ALL_ITEMS, times)
      add(slot.counts, barcode, times)
    },

    /** The four quarters, the present one last, each with the instant at which it began. */
    lastHour(scope: Scope): { from: number; requests: number }[] {
      const now = present()
      return Array.from({ length: QUARTERS }, (_, n) => {
        const quarter = now - QUARTERS + 1 + n
        const slot = slotOf(quarter)
        const requests = slot.quarter === quarter ? (slot.counts.get(scope) ?? 0) : 0
        return { from: quarter * QUARTER_MS, requests }
      })
    },
  }
}
