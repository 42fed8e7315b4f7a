import { CsvError } from 'csv-parse'
import { parse } from 'csv-parse/sync'
import { ESCAPED_FORMULA } from '../csv.ts'
import { type DraftField, parseItemDraft } from './draft.ts'

/** One item of an uploaded list. */
export interface BulkRow {
  /** In the file, counted from 1; of a row of several lines, the last. */
  readonly line: number
  readonly typed: Readonly<Partial<Record<DraftField, string>>>
  readonly fate: BulkFate
}

export type BulkFate =
  | { readonly kind: 'to-add' }
  /** It has no title: the library system is asked for it. */
  | { readonly kind: 'to-look-up' }
  | { readonly kind: 'exists' }
  | { readonly kind: 'bad'; readonly why: string }
  | { readonly kind: 'added' }

export type BulkReading =
  | {
      readonly kind: 'rows'
      readonly rows: readonly BulkRow[]
      /** Names of columns that mean nothing here. */
      readonly ignored: readonly string[]
    }
  /** A sentence: nothing in the file can be used. */
  | { readonly kind: 'bad'; readonly why: string }

export const LARGEST_BULK_BYTES = 1_000_000
const MOST_ROWS = 5_000

/** By their names in small letters and in one word: `loan_hours` and `loanHours` are the same. */
const COLUMNS: Readonly<Record<string, DraftField>> = {
  barcode: 'barcode',
  copies: 'copies',
  numcopies: 'copies',
  hours: 'loanHours',
  loanhours: 'loanHours',
  duration: 'loanHours',
  notes: 'notes',
  title: 'title',
  author: 'author',
  publisher: 'publisher',
  edition: 'edition',
  year: 'year',
  isbn: 'isbnIssn',
  issn: 'isbnIssn',
  isbnissn: 'isbnIssn',
  itemid: 'itemId',
  itempage: 'itemPage',
}

const bad = (why: string): BulkReading => ({ kind: 'bad', why })

/**
 * Reads a list of items (CSV as RFC 4180 has it, or with semicolons or tabs, as spreadsheets write
 * it), and says what would become of each row.
 *
 * @param exists is there an item with this barcode?
 * @param canLookUp rows without a title are not bad: somebody can be asked
 */
export function readBulk(
  bytes: Uint8Array,
  exists: (barcode: string) => boolean,
  canLookUp: boolean,
): BulkReading {
  if (bytes.length > LARGEST_BULK_BYTES) return bad('The file must be 1 MB or smaller.')
  const records = readCsv(bytes)
  if (typeof records === 'string') return bad(records)
  const [first] = records
  if (first === undefined) return bad('The file is empty: it needs at least one barcode.')
  const names = first.record.map((name) => name.toLowerCase().replace(/[\s/_-]+/g, ''))
  const hasHead = names.includes('barcode')
  if (!hasHead && names.length > 1) {
    return bad('The first line must name the columns, and one of them must be “barcode”.')
  }
  const columns = hasHead ? names.map((name) => COLUMNS[name]) : ['barcode' as const]
  const twice = columns.find((field, n) => field && columns.indexOf(field) !== n)
  if (twice) return bad(`Two columns of the file mean the same: ${twice}.`)
  const body = hasHead ? records.slice(1) : records
  if (body.length === 0) return bad('The file has names of columns but no rows.')
  if (body.length > MOST_ROWS) {
    return bad(`The file has ${body.length} rows; at most 5,000 can be added at a time.`)
  }
  const ignored = hasHead ? first.record.filter((_, n) => columns[n] === undefined) : []
  const seen = new Map<string, number>()
  const rows = body.map(({ line, record }): BulkRow => {
    const typed = fieldsOf(record, columns)
    const barcode = typed.barcode ?? ''
    const before = seen.get(barcode)
    if (before === undefined) seen.set(barcode, line)
    const fate = fateOf(record, columns.length, typed, before, exists, canLookUp)
    return { line, typed, fate }
  })
  return { kind: 'rows', rows, ignored }
}

function fateOf(
  record: readonly string[],
  columns: number,
  typed: BulkRow['typed'],
  before: number | undefined,
  exists: (barcode: string) => boolean,
  canLookUp: boolean,
): BulkFate {
  if (record.slice(columns).some((cell) => cell !== '')) {
    return { kind: 'bad', why: 'The row has more cells than there are columns.' }
  }
  if (before !== undefined) {
    return { kind: 'bad', why: `The same barcode stands in line ${before}.` }
  }
  const lookUp = canLookUp && (typed.title ?? '') === ''
  const reading = parseItemDraft(lookUp ? { ...typed, title: '?' } : typed)
  if (reading.kind === 'faults') {
    return { kind: 'bad', why: Object.values(reading.faults).join(' ') }
  }
  if (exists(reading.draft.barcode)) return { kind: 'exists' }
  return { kind: lookUp ? 'to-look-up' : 'to-add' }
}

/** An empty cell says nothing; what Carrel's own lists escape is what it was; spreadsheets of half of Europe write 0,5 for 0.5. */
function fieldsOf(
  record: readonly string[],
  columns: readonly (DraftField | undefined)[],
): BulkRow['typed'] {
  const pairs = columns.flatMap((field, n) => {
    const cell = (record[n] ?? '').replace(ESCAPED_FORMULA, '')
    if (field === undefined || cell === '') return []
    return [[field, field === 'loanHours' ? cell.replace(/^(\d+),(\d+)$/, '$1.$2') : cell]]
  })
  return Object.fromEntries(pairs)
}

/** @returns the rows, or a sentence that says what is wrong with the file */
function readCsv(bytes: Uint8Array): { line: number; record: string[] }[] | string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return 'The file is not UTF-8 text: save it as “CSV UTF-8”.'
  }
  if (text.includes('\0')) return 'The file is not text: save it as “CSV UTF-8”.'
  try {
    const rows = parse(text, {
      delimiter: delimiterOf(text),
      info: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as { info: { lines: number }; record: string[] }[]
    return rows
      .filter(({ record }) => record.some((cell) => cell !== ''))
      .map(({ info, record }) => ({ line: info.lines, record }))
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    return `The file cannot be read: in line ${cause.lines} a quotation mark is opened and never closed.`
  }
}

/** Whichever stands most often in the first line. */
function delimiterOf(text: string): string {
  const [head = ''] = text.trimStart().split(/\r?\n|\r/, 1)
  const count = (mark: string) => head.split(mark).length
  return [',', ';', '\t'].reduce((best, mark) => (count(mark) > count(best) ? mark : best))
}
