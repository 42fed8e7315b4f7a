import type { EpochMs } from '../clock.ts'
import { parseBarcode } from '../ids.ts'
import { type BulkRow, readBulk } from './bulk.ts'
import { parseItemDraft } from './draft.ts'
import type { Items } from './items.ts'

export type ListImport =
  | {
      readonly kind: 'imported'
      readonly rows: readonly BulkRow[]
      readonly ignored: readonly string[]
    }
  /** A sentence: nothing in the file can be used. */
  | { readonly kind: 'bad'; readonly why: string }

/**
 * Adds the items of a CSV list; bad rows do not hold back good ones.
 *
 * @param added called after each item that was added; undefined: nothing is, only read
 */
export function importList(
  bytes: Uint8Array,
  items: Items,
  now: EpochMs,
  added: ((row: BulkRow) => void) | undefined,
): ListImport {
  const exists = (text: string) => {
    const barcode = parseBarcode(text)
    return barcode !== undefined && items.find(barcode) !== undefined
  }
  const reading = readBulk(bytes, exists, false)
  if (reading.kind === 'bad') return reading
  if (added === undefined) return { ...reading, kind: 'imported' }
  const rows = reading.rows.map((row): BulkRow => {
    if (row.fate.kind !== 'to-add') return row
    const draft = parseItemDraft(row.typed)
    if (draft.kind === 'faults' || !items.add(draft.draft, now)) {
      return { ...row, fate: { kind: 'exists' } }
    }
    added(row)
    return { ...row, fate: { kind: 'added' } }
  })
  return { kind: 'imported', rows, ignored: reading.ignored }
}
