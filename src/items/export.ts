import { Readable } from 'node:stream'
import { stringify } from 'csv-stringify'
import { and, gt, isNull } from 'drizzle-orm'
import type { Db } from '../db/open.ts'
import { items } from '../db/schema.ts'

const ROWS_AT_A_TIME = 500

/** The columns of a list of items, by the names that a list to be imported may have too. */
type Exported = Readonly<Record<string, string | number | boolean>>

/**
 * Every item in the order of barcodes. Read a few at a time, so that however slowly somebody takes
 * them, no transaction stays open meanwhile.
 */
function* everyItem(db: Db): Generator<Exported> {
  let after = ''
  for (;;) {
    const rows = db
      .select()
      .from(items)
      .where(
        and(gt(items.barcode, after as typeof items.$inferSelect.barcode), isNull(items.removedAt)),
      )
      .orderBy(items.barcode)
      .limit(ROWS_AT_A_TIME)
      .all()
    for (const item of rows) {
      yield {
        barcode: item.barcode,
        title: item.title,
        author: item.author,
        publisher: item.publisher,
        edition: item.edition,
        year: item.year,
        isbn_issn: item.isbnIssn,
        item_id: item.itemId,
        item_page: item.itemPage,
        notes: item.notes,
        copies: item.copies,
        loan_hours: item.loanHours,
        ready: item.ready,
        added_at: new Date(item.addedAt).toISOString(),
      }
    }
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.barcode
  }
}

/** The items as CSV with a head, or one JSON object a line. */
export function exportItems(db: Db, form: 'csv' | 'json'): Readable {
  const all = Readable.from(everyItem(db))
  if (form === 'json') return all.map((item) => `${JSON.stringify(item)}\n`)
  // A cell that a spreadsheet would run as a formula gets an apostrophe in front.
  const toCsv = stringify({
    header: true,
    columns: COLUMNS,
    escape_formulas: true,
    cast: { boolean: (value) => (value ? 'yes' : 'no') },
  })
  all.once('error', (fault) => toCsv.destroy(fault))
  return all.pipe(toCsv)
}

const COLUMNS = [
  'barcode',
  'title',
  'author',
  'publisher',
  'edition',
  'year',
  'isbn_issn',
  'item_id',
  'item_page',
  'notes',
  'copies',
  'loan_hours',
  'ready',
  'added_at',
]
