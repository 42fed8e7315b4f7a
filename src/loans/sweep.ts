import { type Clock, type EpochMs, MINUTE, SECOND, wasSetBack } from '../clock.ts'
import type { Log } from '../log.ts'
import type { ManifestStore } from '../manifests/store.ts'
import type { LoanQueries } from './queries.ts'
import { coolingOffOver } from './rules.ts'

export interface SweepDeps {
  readonly loans: LoanQueries
  readonly manifests: Pick<ManifestStore, 'dropKept'>
  readonly clock: Clock
  readonly log: Log
  readonly reloanWaitMs: number
  /** Milliseconds that only ever run forward, to notice when the wall clock jumps. */
  readonly monotonic: () => number
}

/** Wall clock and monotonic clock may drift apart this much between two sweeps. */
const JUMP_MS = 60 * SECOND
/** No patron is erased before this has passed since the loan's end, or since a jump of the clock. */
const ERASING_WAIT_MS = 2 * MINUTE

/**
 * Makes the sweep: a function to be called a few times a minute. It only tidies, for what is over
 * is over by the clock: it stamps overdue loans, erases patrons whose cooling-off period has
 * passed, and drops manifests that no running loan reads by.
 */
export function createSweep({
  loans,
  manifests,
  clock,
  log,
  reloanWaitMs,
  monotonic,
}: SweepDeps): () => Promise<void> {
  const drift = () => clock.now() - monotonic()
  let lastDrift = drift()
  let erasingFrom = Number.NEGATIVE_INFINITY
  let walEmpty = false

  function watchClock(now: EpochMs): void {
    const jump = drift() - lastDrift
    lastDrift += jump
    if (Math.abs(jump) > JUMP_MS) {
      log.warn({ jumpMs: Math.round(jump) }, 'clock.jump')
      erasingFrom = monotonic() + ERASING_WAIT_MS
    }
    const lastSeen = loans.lastSeen()
    if (wasSetBack(now, lastSeen)) log.error({ behindMs: lastSeen - now }, 'clock.back')
    else loans.see(now)
  }

  function forget(now: EpochMs): void {
    if (monotonic() < erasingFrom) return
    const over = coolingOffOver(now, reloanWaitMs)
    const forgotten = loans.forgetEndedBy(Math.min(over, now - ERASING_WAIT_MS))
    if (forgotten === 0) return
    log.info({ loans: forgotten }, 'sweep.forgot')
    walEmpty = false
  }

  return async () => {
    const now = clock.now()
    watchClock(now)
    const stamped = loans.stampAllOverdue(now)
    if (stamped > 0) log.info({ loans: stamped }, 'sweep.ended')
    forget(now)
    if (!walEmpty) walEmpty = loans.emptyWal()
    const inUse = new Set(
      loans.versionsInUse(now).map((loan) => `${loan.barcode} ${loan.manifestVersion}`),
    )
    await manifests.dropKept((barcode, version) => inUse.has(`${barcode} ${version}`))
  }
}
