import { type Clock, type EpochMs, HOUR } from '../clock.ts'
import type { Barcode } from '../ids.ts'
import type { DeskQueries } from './desk-queries.ts'
import type { LoanQueries } from './queries.ts'
import { dueAt } from './rules.ts'

export interface DeskDeps {
  readonly loans: LoanQueries
  readonly desk: DeskQueries
  readonly clock: Clock
}

/** No loan lasts longer than this, however often it is lengthened. */
export const LONGEST_LOAN_HOURS = 8760

export type Ending =
  | { readonly kind: 'ended'; readonly barcode: Barcode }
  /** The loan is over already, or there is none with this number: nothing changed. */
  | { readonly kind: 'loan-over' }

/** The staff end one loan. */
export function endLoan({ loans, desk, clock }: DeskDeps, id: number): Ending {
  return loans.exclusively((): Ending => {
    const now = clock.now()
    const loan = desk.openLoan(id, now)
    if (loan === undefined) return { kind: 'loan-over' }
    loans.end(id, now, 'staff')
    return { kind: 'ended', barcode: loan.barcode }
  })
}

/**
 * The staff end every open loan of the item, or only so many, those that began last.
 *
 * @returns the numbers of the loans
 */
export function endLoansOf(
  { loans, desk, clock }: DeskDeps,
  barcode: Barcode,
  newest = Number.MAX_SAFE_INTEGER,
): number[] {
  return loans.exclusively(() => {
    const now = clock.now()
    const ids = desk.openIds(barcode, now).slice(-newest)
    for (const id of ids) loans.end(id, now, 'staff')
    return ids
  })
}

export type Lengthening =
  | { readonly kind: 'lengthened'; readonly barcode: Barcode; readonly dueAt: EpochMs }
  | { readonly kind: 'loan-over' }
  /** Somebody else lengthened it meanwhile. */
  | { readonly kind: 'due-changed'; readonly dueAt: EpochMs }
  /** More loans are open than copies are off the shelf: no loan of the item may last longer. */
  | { readonly kind: 'more-loans-than-copies' }
  | { readonly kind: 'loan-too-long'; readonly latestDueAt: EpochMs }

/**
 * Moves the due time of an open loan later, up to a whole minute.
 *
 * @param seenDueAt the due time as staff saw it, so that a form sent twice lengthens once
 * @param hours how much longer, above 0
 */
export function lengthen(
  { loans, desk, clock }: DeskDeps,
  { id, seenDueAt, hours }: { id: number; seenDueAt: EpochMs; hours: number },
): Lengthening {
  return loans.exclusively((): Lengthening => {
    const now = clock.now()
    const loan = desk.openLoan(id, now)
    if (loan === undefined) return { kind: 'loan-over' }
    if (loan.dueAt !== seenDueAt) return { kind: 'due-changed', dueAt: loan.dueAt }
    if (loans.openLoans(loan.barcode, now) > loan.copies) return { kind: 'more-loans-than-copies' }
    const latestDueAt = loan.startedAt + LONGEST_LOAN_HOURS * HOUR
    const later = dueAt(loan.dueAt, hours)
    if (later > latestDueAt) return { kind: 'loan-too-long', latestDueAt }
    desk.setDue(id, later)
    return { kind: 'lengthened', barcode: loan.barcode, dueAt: later }
  })
}
