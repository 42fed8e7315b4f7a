import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { auditIn } from '../../src/audit/audit.ts'
import { giveUp } from '../../src/command.ts'
import { csvParts } from '../../src/csv.ts'
import type { Db } from '../../src/db/open.ts'
import { parseBarcode } from '../../src/ids.ts'
import type { BulkRow } from '../../src/items/bulk.ts'
import { importList } from '../../src/items/import.ts'
import { type Item, type Items, itemsIn } from '../../src/items/items.ts'
import { DOWNLOAD_COLUMNS, downloadsIn } from '../../src/loans/downloads.ts'
import type { Options } from './options.ts'

/** Every item, as a table of tabs or as JSON. */
export function list(items: Items, asJson: boolean): string {
  const all = items.page({ limit: items.count(), offset: 0 })
  if (asJson) return JSON.stringify(all, null, 2)
  const line = ({ barcode, title, copies, ready }: Item) =>
    [
      barcode,
      ready ? 'ready' : 'not ready',
      copies === 1 ? '1 copy' : `${copies} copies`,
      title,
    ].join('\t')
  return all.map(line).join('\n')
}

/** @returns what became of the rows of a file; bad ones set the exit code */
export function importFile(file: string, values: Options, db: Db): string {
  const audit = auditIn(db)
  const added = ({ typed }: BulkRow) => {
    const barcode = parseBarcode(typed.barcode ?? '')
    if (barcode === undefined) return
    audit.record({ at: Date.now(), staff: 'script', act: 'add', barcode, detail: 'from a list' })
  }
  const bytes = readOrExit(file)
  const isDry = values['dry-run'] === true
  const outcome = audit.together(() =>
    importList(bytes, itemsIn(db), Date.now(), isDry ? undefined : added),
  )
  if (outcome.kind === 'bad') giveUp([`${file}: ${outcome.why}`])
  const { rows, ignored } = outcome
  const bad = rows.filter(({ fate }) => fate.kind === 'bad')
  if (bad.length > 0) process.exitCode = 1
  if (values.json === true) {
    const told = rows.map(({ line, typed, fate }) => ({ line, barcode: typed.barcode, ...fate }))
    return JSON.stringify({ rows: told, ignored }, null, 2)
  }
  const count = (kind: string) => rows.filter(({ fate }) => fate.kind === kind).length
  const done = isDry ? `${count('to-add')} would be added` : `${count('added')} added`
  return [
    ...bad.map(({ line, fate }) => `line ${line}: ${fate.kind === 'bad' ? fate.why : ''}`),
    ...ignored.map((name) => `column ${name} is not known and was left out`),
    `${done}, ${count('exists')} here already, ${bad.length} left out`,
  ].join('\n')
}

function readOrExit(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    giveUp([(cause as Error).message])
  }
}

/** The same columns as the download of items. */
export function exported(db: Db, asJson: boolean): Iterable<string> {
  const batches = downloadsIn(db).item()
  if (!asJson) return csvParts(DOWNLOAD_COLUMNS.item, batches)
  return batches.map((rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
}

/** Somebody who takes only the first lines (`| head`) is no fault. */
export async function writeAll(parts: Iterable<string>): Promise<void> {
  await pipeline(Readable.from(parts), process.stdout, { end: false }).catch(
    (fault: NodeJS.ErrnoException) => {
      if (fault.code !== 'EPIPE' && fault.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw fault
    },
  )
}
