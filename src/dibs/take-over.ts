import type { Audit } from '../audit/audit.ts'
import type { EpochMs } from '../clock.ts'
import type { Barcode, PatronId } from '../ids.ts'
import type { Items } from '../items/items.ts'
import type { LoanQueries } from '../loans/queries.ts'
import type { People } from '../people/people.ts'
import { coolingLoan, cutLoan, pastLoan } from './loans.ts'
import type { dibsQueries } from './queries.ts'
import type { BadRow, DibsCurrentLoan, DibsItem, DibsLoan } from './read.ts'

/** What was read of DIBS; its history may be long and is read as it is written. */
export interface DibsContent {
  readonly items: readonly DibsItem[]
  readonly staff: readonly PatronId[]
  readonly current: readonly DibsCurrentLoan[]
  history(): Iterable<DibsLoan>
}

export interface TakeOverDeps {
  readonly report: (bad: BadRow) => void
  readonly queries: ReturnType<typeof dibsQueries>
  readonly items: Items
  readonly people: People
  readonly loans: LoanQueries
  readonly audit: Audit
  readonly now: EpochMs
  readonly reloanWaitMs: number
  /** The version by which a loan of the item can go on; undefined when there is no valid one. */
  readonly versionOf: (barcode: Barcode) => string | undefined
}

export type CutReason = 'no valid manifest' | 'more loans than copies' | "the patron's second loan"

export interface TakenOver {
  /** New here; what was here before is not counted. */
  readonly items: number
  readonly staff: number
  readonly openLoans: number
  readonly coolingOffLoans: number
  readonly pastLoans: number
  /** Open loans that ended by coming over, newest first. */
  readonly ended: readonly { barcode: Barcode; startedAt: EpochMs; why: CutReason }[]
}

/**
 * Writes what DIBS has and Carrel has not. To be run inside one transaction: all of it, or nothing.
 * What came over before is recognised by barcode, by name, and by item and start of a loan.
 */
export function takeOver(deps: TakeOverDeps, dibs: DibsContent): TakenOver {
  const { queries, people, audit, now } = deps
  let items = 0
  for (const item of dibs.items) {
    if (!queries.addItem(item, now)) continue
    const { barcode } = item.draft
    audit.record({ at: now, staff: 'script', act: 'add', barcode, detail: 'from DIBS' })
    items++
  }
  const staff = dibs.staff.filter((name) => people.addStaff(name)).length
  const isNew = newLoans(queries)
  const loans = takeLoans(deps, dibs.current, isNew)
  return { items, staff, ...loans, pastLoans: takeHistory(deps, dibs, isNew) }
}

/** Loans of one item that began at the same instant are as many here as there. */
function newLoans(queries: TakeOverDeps['queries']): (loan: DibsLoan) => boolean {
  const here = new Map<string, number>()
  return ({ barcode, startedAt }) => {
    const key = `${barcode} ${startedAt}`
    const left = here.get(key) ?? queries.startedThen(barcode, startedAt)
    here.set(key, Math.max(0, left - 1))
    return left === 0
  }
}

function takeLoans(
  deps: TakeOverDeps,
  current: readonly DibsCurrentLoan[],
  isNew: (loan: DibsLoan) => boolean,
): Pick<TakenOver, 'openLoans' | 'coolingOffLoans' | 'ended'> {
  const { items, people, loans, queries, audit, report, now, reloanWaitMs } = deps
  const ended: TakenOver['ended'][number][] = []
  let openLoans = 0
  let coolingOffLoans = 0
  // The oldest first: where not all can go on, they do, and the newest end.
  for (const loan of current.toSorted((a, b) => a.startedAt - b.startedAt || a.row - b.row)) {
    const { barcode, patron, startedAt, endAt } = loan
    if (startedAt > now) {
      report({ table: 'loan', row: loan.row, why: 'it starts in the future' })
      continue
    }
    const hours = items.find(barcode)?.loanHours
    if (hours === undefined) {
      report({ table: 'loan', row: loan.row, why: REMOVED })
      continue
    }
    if (!isNew(loan)) continue
    const counted = people.role(patron) === 'patron'
    if (loan.recent || endAt <= now) {
      queries.addEnded(coolingLoan(loan, hours, now, reloanWaitMs), counted)
      coolingOffLoans++
      continue
    }
    loans.stampOverdueOf(barcode, patron, now)
    const version = deps.versionOf(barcode)
    const why = cutReason(loans, loan, version, now)
    if (why === undefined && version !== undefined) {
      loans.add({ barcode, patron, manifestVersion: version, counted, startedAt, dueAt: endAt })
      openLoans++
    } else if (why !== undefined) {
      queries.addEnded(cutLoan(loan, now), counted)
      const detail = `from DIBS: ${why}`
      audit.record({ at: now, staff: 'script', act: 'end-loan', barcode, detail })
      ended.unshift({ barcode, startedAt, why })
    }
  }
  return { openLoans, coolingOffLoans, ended }
}

function cutReason(
  loans: LoanQueries,
  { barcode, patron }: DibsCurrentLoan,
  version: string | undefined,
  now: EpochMs,
): CutReason | undefined {
  if (version === undefined) return 'no valid manifest'
  const { item, openLoan, dueTimes } = loans.facts(barcode, patron, now)
  if (openLoan !== undefined) return "the patron's second loan"
  return dueTimes.length >= (item?.copies ?? 0) ? 'more loans than copies' : undefined
}

const REMOVED = 'its item was removed here'

/** @returns how many loans came over */
function takeHistory(
  { items, queries, report, now }: TakeOverDeps,
  dibs: DibsContent,
  isNew: (loan: DibsLoan) => boolean,
): number {
  // DIBS writes a loan into its history as soon as it is `recent`: such a loan came over above.
  const twice = new Map<string, number>()
  const keyOf = ({ barcode, startedAt }: DibsLoan) => `${barcode} ${startedAt}`
  for (const loan of dibs.current) {
    if (loan.recent) twice.set(keyOf(loan), (twice.get(keyOf(loan)) ?? 0) + 1)
  }
  let taken = 0
  for (const loan of dibs.history()) {
    const left = twice.get(keyOf(loan)) ?? 0
    if (left > 0) {
      twice.set(keyOf(loan), left - 1)
      continue
    }
    const hours = items.find(loan.barcode)?.loanHours
    const bad = (why: string) => report({ table: 'history', row: loan.row, why })
    if (hours === undefined) bad(REMOVED)
    else if (loan.endAt > now) bad('it ends in the future')
    else if (isNew(loan)) {
      queries.addEnded(pastLoan(loan, hours), true)
      taken++
    }
  }
  return taken
}
