import { setImmediate } from 'node:timers/promises'
import { type Clock, type EpochMs, MINUTE, SECOND, wasSetBack } from '../clock.ts'
import type { Log } from '../log.ts'
import type { ManifestStore } from '../manifests/store.ts'
import type { LoanQueries } from './queries.ts'
import { coolingOffOver } from './rules.ts'
import type { Totals } from './totals.ts'

export interface SweepDeps {
  readonly loans: LoanQueries
  readonly totals: Pick<Totals, 'addEnded'>
  readonly manifests: Pick<ManifestStore, 'dropKept'>
  readonly clock: Clock
  readonly log: Log
  readonly reloanWaitMs: number
  /** Milliseconds that only ever run forward, to notice when the wall clock jumps. */
  readonly monotonic: () => number
}

/** Wall clock and monotonic clock may drift apart this much between two sweeps. */
const JUMP_MS = 60 * SECOND
/** A clock that jumped may be put right again: until then nothing is done that cannot be undone. */
const BELIEVING_WAIT_MS = 2 * MINUTE
/** No patron is erased before this has passed since the loan's end. */
const ERASING_WAIT_MS = 2 * MINUTE
/** Loans are totalled so many at a time, requests being answered in between. */
const TOTALLED_AT_ONCE = 500
/** After an import many wait: the next sweep goes on. */
const BATCHES_PER_SWEEP = 20

/**
 * Makes the sweep: a function to be called a few times a minute. It only tidies, for what is over
 * is over by the clock: it stamps overdue loans, erases patrons whose cooling-off period has
 * passed, adds what ended to the totals, and drops manifests that no running loan reads by.
 */
export function createSweep({
  loans,
  totals,
  manifests,
  clock,
  log,
  reloanWaitMs,
  monotonic,
}: SweepDeps): () => Promise<void> {
  const drift = () => clock.now() - monotonic()
  let lastDrift = drift()
  /** From then on, by the monotonic clock, a wall clock that jumped is believed again. */
  let believedFrom = Number.NEGATIVE_INFINITY
  let complainedAt = Number.NEGATIVE_INFINITY
  let walEmpty = false

  function watchClock(now: EpochMs): void {
    const jump = drift() - lastDrift
    lastDrift += jump
    if (Math.abs(jump) > JUMP_MS) {
      log.warn({ jumpMs: Math.round(jump) }, 'clock.jump')
      believedFrom = monotonic() + BELIEVING_WAIT_MS
    }
    const lastSeen = loans.lastSeen()
    if (!wasSetBack(now, lastSeen)) {
      if (monotonic() >= believedFrom) loans.see(now)
    } else if (monotonic() - complainedAt >= MINUTE) {
      complainedAt = monotonic()
      log.error({ behindMs: lastSeen - now }, 'clock.back')
    }
  }

  function forget(now: EpochMs): void {
    if (monotonic() < believedFrom) return
    const over = coolingOffOver(now, reloanWaitMs)
    const forgotten = loans.forgetEndedBy(Math.min(over, now - ERASING_WAIT_MS))
    if (forgotten === 0) return
    log.info({ loans: forgotten }, 'sweep.forgot')
    walEmpty = false
  }

  async function addToTotals(): Promise<void> {
    for (let batch = 0; batch < BATCHES_PER_SWEEP; batch++) {
      if (totals.addEnded(TOTALLED_AT_ONCE) < TOTALLED_AT_ONCE) return
      await setImmediate()
    }
  }

  return async () => {
    const now = clock.now()
    watchClock(now)
    const stamped = loans.stampAllOverdue(now)
    if (stamped > 0) log.info({ loans: stamped }, 'sweep.ended')
    forget(now)
    if (!walEmpty) walEmpty = loans.emptyWal()
    await addToTotals()
    const inUse = new Set(
      loans.versionsInUse(now).map((loan) => `${loan.barcode} ${loan.manifestVersion}`),
    )
    await manifests.dropKept((barcode, version) => inUse.has(`${barcode} ${version}`))
  }
}
