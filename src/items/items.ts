import { count, eq, gt, sql } from 'drizzle-orm'
import type { EpochMs } from '../clock.ts'
import type { Db } from '../db/open.ts'
import { items } from '../db/schema.ts'
import type { Barcode } from '../ids.ts'
import type { ItemDraft } from './draft.ts'

/** A thing that is lent, as the staff described it. */
export type Item = typeof items.$inferSelect

export type Items = ReturnType<typeof itemsIn>

export function itemsIn(db: Db) {
  const byBarcode = db
    .select()
    .from(items)
    .where(eq(items.barcode, sql.placeholder('barcode')))
    .prepare()

  return {
    find(barcode: Barcode): Item | undefined {
      return byBarcode.get({ barcode })
    },

    /** @returns false when there is an item with this barcode already; it stays as it is */
    add(draft: ItemDraft, now: EpochMs): boolean {
      return (
        db
          .insert(items)
          .values({ ...draft, addedAt: now })
          .onConflictDoNothing()
          .run().changes > 0
      )
    },

    /**
     * Changes what staff say of an item; its barcode only through `changeBarcode`.
     *
     * @returns false when there is no such item
     */
    update(draft: ItemDraft): boolean {
      return db.update(items).set(draft).where(eq(items.barcode, draft.barcode)).run().changes > 0
    },

    /** @returns false when there is no such item */
    setReady(barcode: Barcode, ready: boolean): boolean {
      return db.update(items).set({ ready }).where(eq(items.barcode, barcode)).run().changes > 0
    },

    /** One page of the items in the order of their titles. */
    page({ limit, offset }: { limit: number; offset: number }): Item[] {
      return db
        .select()
        .from(items)
        .orderBy(items.title, items.barcode)
        .limit(limit)
        .offset(offset)
        .all()
    },

    /** The next items after a barcode ('' for the first ones), in the order of barcodes. */
    after(barcode: string, limit: number): Item[] {
      return db
        .select()
        .from(items)
        .where(gt(items.barcode, barcode as Barcode))
        .orderBy(items.barcode)
        .limit(limit)
        .all()
    },

    count(): number {
      return db.select({ items: count() }).from(items).get()?.items ?? 0
    },
  }
}
