import { createHmac, randomBytes } from 'node:crypto'
import { type Clock, HOUR } from '../clock.ts'
import type { Barcode, PatronId } from '../ids.ts'
import type { Log } from '../log.ts'
import type { Totals } from './totals.ts'

/** Turn-aways beyond this many in one hour are counted each time they are seen. */
const LARGEST_MEMORY = 100_000

/**
 * Counts who asked for an item and found no copy, at most once per patron, item and hour. Who it
 * was is remembered until the hour is over, in memory only, as a hash under a random key that goes
 * with the hour.
 */
export function turnAways({
  totals,
  clock,
  log,
}: {
  totals: Pick<Totals, 'addTurnAway'>
  clock: Clock
  log: Log
}) {
  let hour = -1
  let key = randomBytes(32)
  const seen = new Set<string>()

  function isNew(barcode: Barcode, patron: PatronId): boolean {
    const current = Math.floor(clock.now() / HOUR)
    if (current !== hour || seen.size >= LARGEST_MEMORY) {
      hour = current
      key = randomBytes(32)
      seen.clear()
    }
    const hash = createHmac('sha256', key).update(`${barcode}\n${patron}`).digest('base64url')
    if (seen.has(hash)) return false
    seen.add(hash)
    return true
  }

  return {
    /** Never throws: a patron gets the page even when the counting fails. */
    note(barcode: Barcode, patron: PatronId): void {
      if (!isNew(barcode, patron)) return
      try {
        totals.addTurnAway(barcode, clock.now())
      } catch (err) {
        log.warn({ err, item: barcode }, 'turn-away.fault')
      }
    },
  }
}
