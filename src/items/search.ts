import { sql } from '../db/drizzle.ts'
import type { Db } from '../db/open.ts'
import { items } from '../db/schema.ts'
import type { Item } from './items.ts'

/** What the list can be sorted by. Each order has its index: see migration 0003. */
export const SORTS = ['title', 'author', 'barcode', 'hours', 'copies'] as const
export type Sort = (typeof SORTS)[number]

export interface ItemQuestion {
  /** Words as somebody typed them, or '' for all items. */
  readonly words: string
  readonly sort: Sort
  readonly descending: boolean
  readonly limit: number
  /** Counted from 1; a number beyond the last page is answered with the last page. */
  readonly page: number
}

export interface ItemsFound {
  readonly items: Item[]
  readonly total: number
  readonly page: number
  readonly pages: number
}

const COLUMNS: Readonly<Record<Sort, string>> = {
  title: 'title collate nocase',
  author: 'author collate nocase',
  barcode: 'barcode',
  hours: 'loan_hours',
  copies: 'copies',
}

const MOST_WORDS = 12
/** Asked of FTS5, fits nothing. */
const NO_WORD = '""'
/** Words that fit one item in so many are common. */
const COMMON = 20

/**
 * Makes the search of the list: items whose title, author or barcode have words that begin with
 * each word given. A page of barcodes is found in an index alone, and only its items are read.
 *
 * To fetch and sort the items that fit costs time for each of them: right for rare words. For
 * common ones it is quicker to walk the order's index (migration 0008) until the page is full: that
 * costs at most one look at each entry of the index, and never reads an item that is not shown.
 */
export function itemSearch(db: Db): (question: ItemQuestion) => ItemsFound {
  const all = sql`removed_at is null`
  const readings = db
    .select()
    .from(items)
    .where(sql`${items.barcode} in (select value from json_each(${sql.placeholder('barcodes')}))`)
    .prepare()

  return ({ words, sort, descending, limit, page: asked }) => {
    const match = matchFor(words)
    const { total, numbers } = db.get<{ total: number; numbers: number }>(
      match === undefined
        ? sql`select count(*) total, 0 numbers from items where ${all}`
        : sql`select count(*) total, (select max(number) from items) numbers
            from item_words where item_words match ${match}`,
    )
    // The plus keeps SQLite from the index of numbers, so that the index of the order is left.
    const number = sql.raw(total * COMMON > numbers ? '+number' : 'number')
    const which =
      match === undefined
        ? all
        : sql`${all} and ${number} in
            (select rowid from item_words where item_words match ${match})`
    const pages = Math.max(1, Math.ceil(total / limit))
    const page = Math.min(asked, pages)
    const direction = sql.raw(descending ? 'desc' : 'asc')
    const order = sql`${sql.raw(COLUMNS[sort])} ${direction}, barcode ${direction}`
    const barcodes = db
      .all<{ barcode: string }>(
        sql`select barcode from items where ${which}
          order by ${order} limit ${limit} offset ${(page - 1) * limit}`,
      )
      .map(({ barcode }) => barcode)
    const byBarcode = new Map(
      readings
        .all({ barcodes: JSON.stringify(barcodes) })
        .map((item) => [item.barcode as string, item]),
    )
    return { items: barcodes.flatMap((one) => byBarcode.get(one) ?? []), total, page, pages }
  }
}

/**
 * The words as FTS5 asks for them: each quoted, so that nothing in it is taken for an operator, and
 * each the beginning of a word (https://sqlite.org/fts5.html, section 3).
 *
 * @returns undefined where nothing is asked, so that every item fits
 */
function matchFor(typed: string): string | undefined {
  const words = typed.split(/\s+/).filter((word) => word !== '')
  if (words.length === 0) return undefined
  const sought = words.filter((word) => /[\p{L}\p{N}]/u.test(word)).slice(0, MOST_WORDS)
  if (sought.length === 0) return NO_WORD
  return sought.map((word) => `"${word.replaceAll('"', '""')}"*`).join(' ')
}
