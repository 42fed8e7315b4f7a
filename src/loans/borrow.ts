import type { Clock, EpochMs } from '../clock.ts'
import type { Barcode, PatronId } from '../ids.ts'
import type { CurrentManifest } from '../manifests/current.ts'
import type { ManifestStore } from '../manifests/store.ts'
import type { Role } from '../people/people.ts'
import type { LoanQueries } from './queries.ts'
import { type Decision, decide } from './rules.ts'

export interface LendingDeps {
  readonly loans: LoanQueries
  readonly manifests: Pick<ManifestStore, 'current' | 'keep'>
  readonly clock: Clock
  readonly reloanWaitMs: number
  /** Told of each new loan while the database is still locked: what it writes stands or falls with it. */
  readonly onLoan?: (loan: StartedLoan) => void
}

export interface StartedLoan {
  readonly id: number
  readonly patron: PatronId
  readonly startedAt: EpochMs
}

export type Borrowing =
  | { readonly kind: 'borrowed'; readonly dueAt: EpochMs }
  | Exclude<Decision, { kind: 'available' }>

/** What this patron would be told now; nothing is written. */
export async function availability(
  deps: LendingDeps,
  barcode: Barcode,
  patron: PatronId,
): Promise<Decision> {
  const manifestVersion = versionOf(await deps.manifests.current(barcode))
  const { loans, clock, reloanWaitMs } = deps
  return decide({ ...loans.facts(barcode, patron, clock.now()), manifestVersion, reloanWaitMs })
}

/**
 * Lends the item to the patron if the rules allow it. Reads, decides and writes under one lock of
 * the database, with nothing awaited in between. The manifest is kept first, so that whatever
 * becomes of its file, the loan can be read to its end.
 */
export async function borrow(
  deps: LendingDeps,
  barcode: Barcode,
  patron: PatronId,
  role: Role,
): Promise<Borrowing> {
  const manifestVersion = versionOf(await deps.manifests.current(barcode))
  if (manifestVersion !== undefined) await deps.manifests.keep(barcode, manifestVersion)
  const { loans, clock, reloanWaitMs } = deps
  return loans.exclusively((): Borrowing => {
    const now = clock.now()
    loans.stampOverdueOf(barcode, patron, now)
    const facts = loans.facts(barcode, patron, now)
    const decision = decide({ ...facts, manifestVersion, reloanWaitMs })
    if (decision.kind !== 'available') return decision
    const { dueAt } = decision
    const id = loans.add({
      barcode,
      patron,
      manifestVersion: decision.manifestVersion,
      counted: role === 'patron',
      startedAt: now,
      dueAt,
    })
    deps.onLoan?.({ id, patron, startedAt: now })
    return { kind: 'borrowed', dueAt }
  })
}

function versionOf(manifest: CurrentManifest): string | undefined {
  return manifest.kind === 'valid' ? manifest.version : undefined
}
