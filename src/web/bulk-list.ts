import { setImmediate as pause } from 'node:timers/promises'
import pMap from 'p-map'
import { type PatronId, parseBarcode } from '../ids.ts'
import type { BulkRow } from '../items/bulk.ts'
import { type DraftReading, parseItemDraft } from '../items/draft.ts'
import { patient } from '../lsp/patient.ts'
import type { WebDeps } from './context.ts'
import { type Typed, withRecord } from './item-form.ts'
import type { LookUp } from './look-up.ts'
import { lspWords } from './lsp-words.ts'

/** An uploaded list of items: looked at, then added row by row. It lives as long as the process. */
export interface BulkList {
  state: 'preview' | 'running' | 'done' | 'stopped'
  /** Rows that have been worked on since it began to run. */
  done: number
  readonly rows: BulkRow[]
  readonly ignored: readonly string[]
}

/** So many questions at a time to the library system. */
const QUESTIONS = 4

/** Adds the rows that can be added. A row that fails is told of and holds up no other. */
export async function addAll(
  list: BulkList,
  deps: Pick<WebDeps, 'items' | 'audit' | 'covers' | 'clock' | 'log'>,
  library: LookUp,
  staff: PatronId,
): Promise<void> {
  const { items, audit, covers, clock, log } = deps
  const lsp = library && patient(library)

  async function add(row: BulkRow): Promise<BulkRow> {
    const first = parseItemDraft(row.typed)
    const barcode = parseBarcode(row.typed.barcode ?? '')
    if (row.fate.kind !== 'to-look-up' || barcode === undefined || lsp === undefined) {
      return addDraft(row, first)
    }
    const answer = await lsp.lookUp(barcode)
    const typed = 'record' in answer ? withRecord(row.typed, answer.record) : row.typed
    if (answer.kind === 'found' || (answer.kind === 'incomplete' && hasAll(typed, answer.fields))) {
      return addDraft({ ...row, typed }, parseItemDraft(typed))
    }
    return { ...row, fate: { kind: 'bad', why: lspWords(answer, lsp.name) } }
  }

  function addDraft(row: BulkRow, reading: DraftReading): BulkRow {
    if (reading.kind === 'faults') {
      return { ...row, fate: { kind: 'bad', why: Object.values(reading.faults).join(' ') } }
    }
    const { barcode } = reading.draft
    const isNew = audit.together(() => {
      if (!items.add(reading.draft, clock.now())) return false
      audit.record({ at: clock.now(), staff, act: 'add', barcode, detail: 'from a list' })
      return true
    })
    if (isNew) covers.lookFor(barcode)
    return { ...row, fate: { kind: isNew ? 'added' : 'exists' } }
  }

  async function work(row: BulkRow, n: number): Promise<void> {
    if (row.fate.kind !== 'to-add' && row.fate.kind !== 'to-look-up') return
    // Readers are served between any two rows.
    await pause()
    list.rows[n] = await add(row)
    list.done++
  }

  list.state = 'running'
  try {
    await pMap([...list.rows], work, { concurrency: QUESTIONS })
    list.state = 'done'
  } catch (err) {
    list.state = 'stopped'
    log.error({ err }, 'bulk.fault')
  }
}

/** What the library system does not tell, the list may. */
function hasAll(typed: Typed, fields: readonly (keyof Typed)[]): boolean {
  return fields.every((field) => (typed[field] ?? '').trim() !== '')
}
