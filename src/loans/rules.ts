import { type EpochMs, HOUR, MINUTE, upToMinute, wasSetBack } from '../clock.ts'
import type { Barcode } from '../ids.ts'

/** All that a decision about lending rests on. */
export interface Facts {
  readonly now: EpochMs
  /** undefined: there is no such item. */
  readonly item:
    | {
        readonly barcode: Barcode
        readonly copies: number
        readonly loanHours: number
        readonly ready: boolean
      }
    | undefined
  /** The version of the item's manifest, undefined when it is missing or invalid. */
  readonly manifestVersion: string | undefined
  /** The patron's one open loan, of whatever item. */
  readonly openLoan: { readonly barcode: Barcode; readonly dueAt: EpochMs } | undefined
  /** When the patron's last loan of this item ended. */
  readonly lastEndedAt: EpochMs | undefined
  /** When each open loan of this item is due, soonest first. */
  readonly dueTimes: readonly EpochMs[]
  readonly reloanWaitMs: number
  /** The latest instant at which the clock was read before. */
  readonly lastSeen: EpochMs
}

export type Decision =
  | { readonly kind: 'unknown-item' }
  | { readonly kind: 'on-loan-to-you'; readonly dueAt: EpochMs }
  | { readonly kind: 'not-ready' }
  | { readonly kind: 'too-soon'; readonly from: EpochMs }
  | { readonly kind: 'other-item-on-loan'; readonly barcode: Barcode; readonly dueAt: EpochMs }
  /** `nextDueAt` is undefined when no loan that ends would free a copy (no copies at all). */
  | { readonly kind: 'no-copies-left'; readonly nextDueAt: EpochMs | undefined }
  /** The machine's clock was set back: nothing new is lent until it has caught up. */
  | { readonly kind: 'clock-back' }
  | { readonly kind: 'available'; readonly dueAt: EpochMs; readonly manifestVersion: string }

/** May this patron borrow this item now? The first answer that fits, in this order. */
export function decide(facts: Facts): Decision {
  const { item, openLoan, now, manifestVersion } = facts
  if (item === undefined) return { kind: 'unknown-item' }
  if (openLoan?.barcode === item.barcode) return { kind: 'on-loan-to-you', dueAt: openLoan.dueAt }
  if (!item.ready || manifestVersion === undefined) return { kind: 'not-ready' }
  if (facts.lastEndedAt !== undefined) {
    const from = coolingOffEnd(facts.lastEndedAt, facts.reloanWaitMs)
    if (now < from) return { kind: 'too-soon', from }
  }
  if (openLoan !== undefined) return { kind: 'other-item-on-loan', ...openLoan }
  const over = facts.dueTimes.length - item.copies
  if (over >= 0) return { kind: 'no-copies-left', nextDueAt: facts.dueTimes[over] }
  if (wasSetBack(now, facts.lastSeen)) return { kind: 'clock-back' }
  return { kind: 'available', dueAt: dueAt(now, item.loanHours), manifestVersion }
}

/** When a loan that starts now is due: its length later, up to a whole minute. */
export function dueAt(startedAt: EpochMs, loanHours: number): EpochMs {
  return upToMinute(startedAt + Math.round(loanHours * HOUR))
}

/** When the patron may borrow the item again: after the wait, up to a whole minute. */
export function coolingOffEnd(endedAt: EpochMs, reloanWaitMs: number): EpochMs {
  return upToMinute(endedAt + reloanWaitMs)
}

/** The latest end of a loan whose cooling-off period is over by now. */
export function coolingOffOver(now: EpochMs, reloanWaitMs: number): EpochMs {
  return Math.floor(now / MINUTE) * MINUTE - reloanWaitMs
}
