import { randomUUID } from 'node:crypto'
import pMap from 'p-map'
import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import type { CoverSearch } from '../items/cover-search.ts'
import type { Item, Items } from '../items/items.ts'
import { changesFor, type FieldChange, withChanges } from '../items/refresh.ts'
import type { Log } from '../log.ts'
import type { LspAnswer } from '../lsp/lsp.ts'
import { patient } from '../lsp/patient.ts'
import type { LookUp } from './look-up.ts'
import { lspReason } from './lsp-words.ts'

/** All items compared with what the LSP tells of them. It lives as long as the process. */
export interface RefreshRun {
  readonly id: string
  state: 'running' | 'done' | 'stopped'
  done: number
  saved: number
  changed: { readonly item: Item; readonly changes: readonly FieldChange[] }[]
  readonly faults: { readonly item: Item; readonly why: string }[]
}

/** So many questions at a time. */
const QUESTIONS = 4
/** What is shown is what is saved, and nobody looks through more than this at a time. */
const MOST_CHANGED = 500
/** A library system that is down is not asked about every item: so many in a row are enough. */
const MOST_UNREACHABLE = 10

/** What the record of an answer would change, or why there is none. */
export function compare(item: Item, answer: LspAnswer, name: string): FieldChange[] | string {
  if (answer.kind === 'found' || answer.kind === 'incomplete') {
    return changesFor(item, { ...answer.record })
  }
  return lspReason(answer, name)
}

export function newRun(): RefreshRun {
  return { id: randomUUID(), state: 'running', done: 0, saved: 0, changed: [], faults: [] }
}

/**
 * Asks about one item after the other, until all are done or enough would change.
 *
 * @param enough so many changed items
 */
export async function refreshAll(
  run: RefreshRun,
  { items, covers, log }: Pick<SaveDeps, 'items' | 'covers' | 'log'>,
  library: NonNullable<LookUp>,
  enough = MOST_CHANGED,
): Promise<void> {
  const lsp = patient(library)
  let unreachable = 0

  async function ask(item: Item): Promise<void> {
    if (unreachable >= MOST_UNREACHABLE) return
    const answer = await lsp.lookUp(item.barcode)
    unreachable = answer.kind === 'unreachable' ? unreachable + 1 : 0
    const changes = compare(item, answer, lsp.name)
    if (typeof changes === 'string') run.faults.push({ item, why: changes })
    else if (changes.length > 0) run.changed.push({ item, changes })
    // Also for those whose turn never came because the server was stopped.
    covers.lookFor(item.barcode)
    run.done++
  }

  try {
    let batch = items.after('', QUESTIONS * 10)
    while (batch.length > 0 && unreachable < MOST_UNREACHABLE && run.changed.length < enough) {
      await pMap(batch, ask, { concurrency: QUESTIONS })
      batch = items.after(batch.at(-1)?.barcode ?? '', QUESTIONS * 10)
    }
    run.state = unreachable < MOST_UNREACHABLE ? 'done' : 'stopped'
  } catch (err) {
    run.state = 'stopped'
    log.error({ err }, 'refresh.fault')
  }
}

export interface SaveDeps {
  readonly items: Items
  readonly covers: Pick<CoverSearch, 'lookFor'>
  readonly audit: Audit
  readonly clock: Clock
  readonly log: Log
}

/**
 * @param staff who saves: a sign-in name, or 'script'
 * @returns whether anything changed: not where somebody else was quicker
 */
export function saveChanges(
  { items, covers, audit, clock, log }: SaveDeps,
  item: Item,
  changes: readonly FieldChange[],
  staff: string,
): boolean {
  const draft = withChanges(item, changes)
  const changed = changesFor(item, { ...draft, copies: '', loanHours: '' })
  if (changed.length === 0) return false
  const detail = changed.map(({ field }) => field).join(' ')
  audit.together(() => {
    items.update(draft)
    audit.record({ at: clock.now(), staff, act: 'refresh', barcode: item.barcode, detail })
  })
  log.info({ item: item.barcode }, 'item.refresh')
  covers.lookFor(item.barcode)
  return true
}

/** Saves what the run found, where nobody has changed it meanwhile. */
export function saveRun(deps: SaveDeps, run: RefreshRun, staff: string): void {
  for (const { item, changes } of run.changed) {
    const now = deps.items.find(item.barcode)
    if (now && saveChanges(deps, now, changes, staff)) run.saved++
  }
}
