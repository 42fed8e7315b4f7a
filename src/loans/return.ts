import type { Clock, EpochMs } from '../clock.ts'
import type { Barcode, PatronId } from '../ids.ts'
import type { LoanQueries } from './queries.ts'
import { coolingOffEnd } from './rules.ts'

export interface ReturnDeps {
  readonly loans: LoanQueries
  readonly clock: Clock
  readonly reloanWaitMs: number
}

export type Returning =
  | { readonly kind: 'returned'; readonly borrowAgainFrom: EpochMs }
  /** It was not on loan to this patron, or no longer: nothing changed. */
  | { readonly kind: 'not-on-loan' }

/** Ends the patron's loan of the item. Twice, or after the loan is over, it changes nothing. */
export function returnItem(
  { loans, clock, reloanWaitMs }: ReturnDeps,
  barcode: Barcode,
  patron: PatronId,
): Returning {
  return loans.exclusively((): Returning => {
    const now = clock.now()
    const loan = loans.openLoan(barcode, patron, now)
    if (loan === undefined) return { kind: 'not-on-loan' }
    loans.end(loan.id, now, 'reader')
    return { kind: 'returned', borrowAgainFrom: coolingOffEnd(now, reloanWaitMs) }
  })
}
