import type { EpochMs } from '../clock.ts'
import { and, count, eq, sql } from '../db/drizzle.ts'
import type { Db } from '../db/open.ts'
import { items, loans } from '../db/schema.ts'
import type { Barcode } from '../ids.ts'
import type { EndedLoan } from './loans.ts'
import type { DibsItem } from './read.ts'

/** The SQL of the takeover that nobody else needs: writing what has been elsewhere. */
export function dibsQueries(db: Db) {
  const startedThen = db
    .select({ loans: count() })
    .from(loans)
    .where(
      and(
        eq(loans.barcode, sql.placeholder('barcode')),
        eq(loans.startedAt, sql.placeholder('startedAt')),
      ),
    )
    .prepare()

  return {
    /** @returns false when there is an item with this barcode already; it stays as it is */
    addItem({ draft, ready }: DibsItem, now: EpochMs): boolean {
      return (
        db
          .insert(items)
          .values({ ...draft, ready, addedAt: now })
          .onConflictDoNothing()
          .run().changes > 0
      )
    },

    /** How many loans of the item began at this instant. */
    startedThen(barcode: Barcode, startedAt: EpochMs): number {
      return startedThen.get({ barcode, startedAt })?.loans ?? 0
    },

    addEnded(loan: EndedLoan, counted: boolean): void {
      db.insert(loans)
        .values({ ...loan, counted, manifestVersion: '' })
        .run()
    },
  }
}
