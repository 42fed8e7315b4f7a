import type { EpochMs } from '../clock.ts'
import {
  BARCODE_RULE,
  type Barcode,
  type NameCase,
  type PatronId,
  parseBarcode,
  parsePatronId,
} from '../ids.ts'
import { type ItemDraft, parseItemDraft } from '../items/draft.ts'
import type { DibsFile, Row } from './file.ts'
import { parseDibsTime } from './time.ts'

export interface DibsItem {
  readonly draft: ItemDraft
  readonly ready: boolean
}

/** One lending as DIBS has it; `patron` is there in its table of loans only. */
export interface DibsLoan {
  readonly row: number
  readonly barcode: Barcode
  readonly startedAt: EpochMs
  readonly endAt: EpochMs
}

export interface DibsCurrentLoan extends DibsLoan {
  readonly patron: PatronId
  /** It is over, and the patron waits before the next loan of the item. */
  readonly recent: boolean
  /** When the wait is over; undefined when DIBS does not say. */
  readonly waitUntil: EpochMs | undefined
}

/** A row that cannot be taken over. It never names a patron. */
export interface BadRow {
  readonly table: string
  readonly row: number
  readonly why: string
}

type Report = (bad: BadRow) => void

/** Reads the four tables in the shapes that they have had from DIBS 0.0 to 0.7. */
export function readDibs(dibs: DibsFile, nameCase: NameCase, report: Report) {
  /** The value of the first of these columns that the table has. */
  const column = (table: string) => {
    const there = new Set(dibs.columns(table))
    return (row: Row, ...names: string[]) => {
      const name = names.find((one) => there.has(one))
      return name === undefined ? undefined : row[name]
    }
  }
  /** What other tables may call an item: its barcode, or the number it had in early versions. */
  const barcodes = new Map<string, Barcode>()

  function items(): DibsItem[] {
    const of = column('item')
    const found: DibsItem[] = []
    for (const row of dibs.rows('item')) {
      const item = itemOf((...names) => of(row, ...names))
      if (typeof item === 'string') {
        report({ table: 'item', row: rowNumber(row), why: item })
        continue
      }
      const { barcode } = item.draft
      barcodes.set(text(of(row, 'barcode')), barcode)
      barcodes.set(`number ${text(of(row, 'itemid', 'id'))}`, barcode)
      found.push(item)
    }
    return found
  }

  /** The library's staff; DIBS knows others by name too, who are patrons here. */
  function staff(): PatronId[] {
    const of = column('person')
    const found: PatronId[] = []
    for (const row of dibs.rows('person')) {
      if (text(of(row, 'role')) !== 'library') continue
      const name = parsePatronId(text(of(row, 'uname', 'name')), nameCase)
      if (name !== undefined) found.push(name)
      else report({ table: 'person', row: rowNumber(row), why: 'not a sign-in name' })
    }
    return found
  }

  function itemOfRow(row: Row, of: (row: Row, ...names: string[]) => unknown): Barcode | undefined {
    const name = text(of(row, 'barcode', 'what', 'item_id', 'item', 'itemid'))
    return barcodes.get(name) ?? barcodes.get(`number ${name}`)
  }

  function times(row: Row, of: (row: Row, ...names: string[]) => unknown) {
    const startedAt = parseDibsTime(of(row, 'start_time', 'started', 'start'))
    const endAt = parseDibsTime(of(row, 'end_time', 'endtime', 'stop', 'end'))
    if (startedAt === undefined || endAt === undefined) return 'a time in it is not one'
    return endAt < startedAt ? 'it ends before it starts' : { startedAt, endAt }
  }

  function currentLoans(): DibsCurrentLoan[] {
    const of = column('loan')
    const found: DibsCurrentLoan[] = []
    for (const row of dibs.rows('loan')) {
      const bad = (why: string) => report({ table: 'loan', row: rowNumber(row), why })
      const barcode = itemOfRow(row, of)
      const patron = parsePatronId(text(of(row, 'user', 'patron')), nameCase)
      const span = times(row, of)
      if (barcode === undefined) bad('its item is not there')
      else if (patron === undefined) bad('its patron is not a sign-in name')
      else if (typeof span === 'string') bad(span)
      else {
        const recent = text(of(row, 'state')) === 'recent'
        const waitUntil = parseDibsTime(of(row, 'reloan_time', 'nexttime'))
        found.push({ row: rowNumber(row), barcode, patron, recent, waitUntil, ...span })
      }
    }
    return found
  }

  function* history(): Generator<DibsLoan> {
    const of = column('history')
    for (const row of dibs.rows('history')) {
      const bad = (why: string) => report({ table: 'history', row: rowNumber(row), why })
      const type = text(of(row, 'type')) || 'loan'
      const barcode = itemOfRow(row, of)
      const span = times(row, of)
      if (type !== 'loan') bad(`it is no loan but ${type}`)
      else if (barcode === undefined) bad(`item ${text(of(row, 'what', 'item'))} is not there`)
      else if (typeof span === 'string') bad(span)
      else yield { row: rowNumber(row), barcode, ...span }
    }
  }

  return { items, staff, currentLoans, history }
}

/** @returns the item, or why the row is not one */
function itemOf(of: (...names: string[]) => unknown): DibsItem | string {
  if (parseBarcode(text(of('barcode'))) === undefined) return BARCODE_RULE
  const itemPage = line(of('item_page'))
  const reading = parseItemDraft({
    barcode: text(of('barcode')),
    title: line(of('title')),
    author: line(of('author')),
    publisher: line(of('publisher')),
    edition: line(of('edition')),
    year: line(of('year')),
    isbnIssn: line(of('isbn_issn', 'isbn')),
    itemId: line(of('item_id', 'tind_id')),
    itemPage: URL.canParse(itemPage) && /^https?:/i.test(itemPage) ? itemPage : '',
    notes: text(of('notes')),
    copies: text(of('num_copies')),
    loanHours: text(of('duration')),
  })
  if (reading.kind === 'faults') return Object.values(reading.faults).join(' ')
  return {
    draft: reading.draft,
    ready: [1, '1', 'true', 'True'].includes(of('ready') as number | string),
  }
}

function rowNumber(row: Row): number {
  return Number(row._rowid)
}

function text(value: unknown): string {
  return value === null || value === undefined ? '' : String(value).trim()
}

/** One line, however the library system broke it. */
function line(value: unknown): string {
  return text(value).replace(/[\s\p{Cc}]+/gu, ' ')
}
