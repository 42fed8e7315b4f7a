import pMap from 'p-map'
import type { Item } from '../items/items.ts'
import { changesFor, type FieldChange } from '../items/refresh.ts'
import type { LspAnswer } from '../lsp/lsp.ts'
import type { WebDeps } from './context.ts'
import type { LookUp } from './look-up.ts'
import { lspWords } from './lsp-words.ts'

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
/** A library system that is down is not asked about every item. */
const MOST_UNREACHABLE = 10

/** What the record of an answer would change, or why there is none. */
export function compare(item: Item, answer: LspAnswer, name: string): FieldChange[] | string {
  if (answer.kind === 'found' || answer.kind === 'incomplete') {
    return changesFor(item, { ...answer.record })
  }
  return lspWords(answer, name)
}

/** Asks about one item after the other, until all are done or enough would change. */
export async function refreshAll(
  run: RefreshRun,
  { items, covers, log }: Pick<WebDeps, 'items' | 'covers' | 'log'>,
  lsp: NonNullable<LookUp>,
): Promise<void> {
  let unreachable = 0

  async function ask(item: Item): Promise<void> {
    if (unreachable >= MOST_UNREACHABLE) return
    const answer = await lsp.lookUp(item.barcode)
    if (answer.kind === 'unreachable') unreachable++
    const changes = compare(item, answer, lsp.name)
    if (typeof changes === 'string') run.faults.push({ item, why: changes })
    else if (changes.length > 0) run.changed.push({ item, changes })
    // Also for those whose turn never came because the server was stopped.
    covers.lookFor(item.barcode)
    run.done++
  }

  try {
    let batch = items.after('', QUESTIONS * 10)
    while (
      batch.length > 0 &&
      unreachable < MOST_UNREACHABLE &&
      run.changed.length < MOST_CHANGED
    ) {
      await pMap(batch, ask, { concurrency: QUESTIONS })
      batch = items.after(batch.at(-1)?.barcode ?? '', QUESTIONS * 10)
    }
    run.state = unreachable < MOST_UNREACHABLE ? 'done' : 'stopped'
  } catch (err) {
    run.state = 'stopped'
    log.error({ err }, 'refresh.fault')
  }
}
