import type { Clock } from '../clock.ts'
import type { Db } from '../db/open.ts'
import type { Log } from '../log.ts'
import { figuresIn } from './figures.ts'
import { pageRequests } from './page-requests.ts'
import { daysIn } from './periods.ts'
import { totalsIn } from './totals.ts'
import { turnAways } from './turn-aways.ts'

export type Statistics = ReturnType<typeof statisticsIn>

/** All that counts and all that tells the counts, built once. */
export function statisticsIn(
  db: Db,
  { clock, log, timeZone }: { clock: Clock; log: Log; timeZone: string },
) {
  const dayOf = daysIn(timeZone)
  const totals = totalsIn(db, dayOf)
  return {
    dayOf,
    totals,
    figures: figuresIn(db),
    turnAways: turnAways({ totals, clock, log }),
    pageRequests: pageRequests(clock),
  }
}
