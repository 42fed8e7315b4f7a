import { type EpochMs, MINUTE } from '../clock.ts'
import type { Barcode, PatronId } from '../ids.ts'
import { coolingOffEnd, dueAt } from '../loans/rules.ts'
import type { DibsCurrentLoan, DibsLoan } from './read.ts'

/** A loan that is over, as Carrel keeps it. */
export interface EndedLoan {
  readonly barcode: Barcode
  readonly patron: PatronId | null
  readonly startedAt: EpochMs
  readonly dueAt: EpochMs
  readonly endedAt: EpochMs
  readonly endedBy: 'reader' | 'time' | 'staff'
}

/**
 * A loan of DIBS's history. DIBS does not write down who ended it, or when it was due: a loan of the
 * item's full length ran out, a shorter one was returned.
 */
export function pastLoan(loan: DibsLoan, loanHours: number): EndedLoan {
  const { barcode, startedAt, endAt } = loan
  const due = dueAt(startedAt, loanHours)
  const ranOut = endAt >= due - MINUTE && endAt > startedAt
  return {
    barcode,
    patron: null,
    startedAt,
    dueAt: ranOut ? endAt : due,
    endedAt: endAt,
    endedBy: ranOut ? 'time' : 'reader',
  }
}

/** A `recent` loan, or an active one whose time has passed: its patron stays until the wait is over. */
export function coolingLoan(
  loan: DibsCurrentLoan,
  loanHours: number,
  now: EpochMs,
  reloanWaitMs: number,
): EndedLoan {
  const { startedAt, patron, waitUntil } = loan
  // The end that DIBS keeps of a loan returned early may be the one that was planned.
  const latest = loan.endAt <= now ? loan.endAt : Math.min(now, (waitUntil ?? now) - reloanWaitMs)
  const ended = pastLoan({ ...loan, endAt: Math.max(startedAt, latest) }, loanHours)
  const waiting = now < coolingOffEnd(ended.endedAt, reloanWaitMs)
  return { ...ended, patron: waiting ? patron : null }
}

/** An open loan that cannot go on here. */
export function cutLoan(loan: DibsCurrentLoan, now: EpochMs): EndedLoan {
  const { barcode, patron, startedAt, endAt } = loan
  return { barcode, patron, startedAt, dueAt: endAt, endedAt: now, endedBy: 'staff' }
}
