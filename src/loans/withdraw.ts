import type { Clock, EpochMs } from '../clock.ts'
import type { Barcode } from '../ids.ts'
import type { Items } from '../items/items.ts'
import type { LoanQueries } from './queries.ts'

export interface WithdrawDeps {
  readonly items: Items
  readonly loans: LoanQueries
  readonly clock: Clock
}

/** What becomes of those who read now: they read to the end of their loans, or these end now. */
export type Readers = 'finish' | 'end'

/**
 * Lends the item to nobody new.
 *
 * @returns how many loans it ended
 */
export function takeBack(
  { items, loans, clock }: WithdrawDeps,
  barcode: Barcode,
  readers: Readers,
): number {
  return loans.exclusively(() => {
    items.setReady(barcode, false)
    return readers === 'end' ? loans.endAllOf(barcode, clock.now()) : 0
  })
}

/**
 * Ends the loans that began last, as far as there are more than copies: the others read on.
 *
 * @param most no more than staff were told of
 * @returns how many loans it ended
 */
export function endNewest(
  { items, loans, clock }: WithdrawDeps,
  barcode: Barcode,
  most: number,
): number {
  return loans.exclusively(() => {
    const now = clock.now()
    const over = loans.openLoans(barcode, now) - (items.find(barcode)?.copies ?? 0)
    return over > 0 ? loans.endNewestOf(barcode, Math.min(most, over), now) : 0
  })
}

export type Removal =
  | { readonly kind: 'removed'; readonly ended: number }
  | { readonly kind: 'unknown-item' }
  | { readonly kind: 'still-on-loan'; readonly loans: number; readonly until: EpochMs }

/** Takes the item out of the library's list. Its past loans stay, and so do its files. */
export function removeItem(
  { items, loans, clock }: WithdrawDeps,
  barcode: Barcode,
  readers: Readers,
): Removal {
  return loans.exclusively((): Removal => {
    const now = clock.now()
    if (items.find(barcode) === undefined) return { kind: 'unknown-item' }
    const dueTimes = loans.dueTimes(barcode, now)
    const until = dueTimes.at(-1)
    if (until !== undefined && readers === 'finish')
      return { kind: 'still-on-loan', loans: dueTimes.length, until }
    const ended = loans.endAllOf(barcode, now)
    items.remove(barcode, now)
    return { kind: 'removed', ended }
  })
}
