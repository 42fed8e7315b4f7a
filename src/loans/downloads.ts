import type { EpochMs } from '../clock.ts'
import { and, asc, gt, isNotNull } from '../db/drizzle.ts'
import type { Db } from '../db/open.ts'
import { loans } from '../db/schema.ts'
import { type Item, itemsIn } from '../items/items.ts'

type Cell = string | number | boolean
export type DownloadRow = Readonly<Record<string, Cell>>

/** Rows held in memory at a time. */
const ROWS = 1_000

export type Downloads = ReturnType<typeof downloadsIn>

/**
 * Everything for a spreadsheet, some rows at a time. Each batch begins after the last key of the
 * one before, so no reading of the database stays open while a slow client is waited for: rows that
 * change meanwhile come as they are when their turn comes. No column names a patron.
 */
export function downloadsIn(db: Db) {
  function* batches<Row, Key>(
    after: (key: Key) => Row[],
    first: Key,
    keyOf: (row: Row) => Key,
    toDownload: (row: Row) => DownloadRow,
  ): Generator<DownloadRow[]> {
    for (let key = first; ; ) {
      const rows = after(key)
      if (rows.length > 0) yield rows.map(toDownload)
      const last = rows.at(-1)
      if (rows.length < ROWS || last === undefined) return
      key = keyOf(last)
    }
  }

  const inventory = itemsIn(db)

  const pastLoansAfter = (id: number) =>
    db
      .select({
        id: loans.id,
        barcode: loans.barcode,
        startedAt: loans.startedAt,
        dueAt: loans.dueAt,
        endedAt: loans.endedAt,
        endedBy: loans.endedBy,
        counted: loans.counted,
      })
      .from(loans)
      .where(and(gt(loans.id, id), isNotNull(loans.endedAt)))
      .orderBy(asc(loans.id))
      .limit(ROWS)
      .all()

  return {
    item: () =>
      batches(
        (after: string) => inventory.after(after, ROWS),
        '',
        ({ barcode }) => barcode,
        itemRow,
      ),

    history: () =>
      batches(
        pastLoansAfter,
        0,
        ({ id }) => id,
        ({ barcode, startedAt, dueAt, endedAt, endedBy, counted }) => ({
          barcode,
          startedAt: iso(startedAt),
          dueAt: iso(dueAt),
          endedAt: endedAt === null ? '' : iso(endedAt),
          endedBy: endedBy ?? '',
          counted,
        }),
      ),
  }
}

/** The columns in their order, also when there is no row. */
export const DOWNLOAD_COLUMNS = {
  item: [
    'barcode',
    'title',
    'author',
    'publisher',
    'edition',
    'year',
    'isbnIssn',
    'itemId',
    'itemPage',
    'notes',
    'copies',
    'loanHours',
    'ready',
    'addedAt',
  ],
  history: ['barcode', 'startedAt', 'dueAt', 'endedAt', 'endedBy', 'counted'],
} as const

function itemRow(item: Item): DownloadRow {
  const shown = { ...item, addedAt: iso(item.addedAt) }
  return Object.fromEntries(DOWNLOAD_COLUMNS.item.map((column) => [column, shown[column]]))
}

const iso = (at: EpochMs) => new Date(at).toISOString()
