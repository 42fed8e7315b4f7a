import type { Clock } from '../clock.ts'
import type { Barcode, PatronId } from '../ids.ts'
import type { LoanQueries, OpenLoan } from './queries.ts'

export interface AccessDeps {
  readonly loans: Pick<LoanQueries, 'openLoan'>
  readonly clock: Clock
}

/**
 * The gate: has this patron this item on loan at this moment? Asked before each viewer page,
 * manifest, info.json and image, and again before the first byte of it goes out.
 *
 * @returns the loan, or undefined: then nothing of the item may be shown
 */
export function access(
  { loans, clock }: AccessDeps,
  barcode: Barcode,
  patron: PatronId,
): OpenLoan | undefined {
  return loans.openLoan(barcode, patron, clock.now())
}
