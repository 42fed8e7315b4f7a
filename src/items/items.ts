import type { EpochMs } from '../clock.ts'
import { and, count, eq, gt, isNotNull, isNull, sql } from '../db/drizzle.ts'
import type { Db } from '../db/open.ts'
import { barcodeChanges, items } from '../db/schema.ts'
import type { Barcode } from '../ids.ts'
import type { ItemDraft } from './draft.ts'
import { itemSearch } from './search.ts'

/** A thing that is lent, as the staff described it. */
export type Item = typeof items.$inferSelect

export type Items = ReturnType<typeof itemsIn>

export function itemsIn(db: Db) {
  const isThere = isNull(items.removedAt)
  const byBarcode = db
    .select()
    .from(items)
    .where(and(eq(items.barcode, sql.placeholder('barcode')), isThere))
    .prepare()

  return {
    find(barcode: Barcode): Item | undefined {
      return byBarcode.get({ barcode })
    },

    /** Adding this barcode brings back an item that was removed. */
    isRemoved(barcode: Barcode): boolean {
      const isIt = and(eq(items.barcode, barcode), isNotNull(items.removedAt))
      return db.select({ barcode: items.barcode }).from(items).where(isIt).get() !== undefined
    },

    /**
     * An item that was removed comes back as the draft says, together with its past loans.
     *
     * @returns false when there is an item with this barcode already; it stays as it is
     */
    add(draft: ItemDraft, now: EpochMs): boolean {
      const item = { ...draft, addedAt: now, removedAt: null }
      return (
        db
          .insert(items)
          .values(item)
          .onConflictDoUpdate({
            target: items.barcode,
            set: item,
            setWhere: isNotNull(items.removedAt),
          })
          .run().changes > 0
      )
    },

    /**
     * Changes what staff say of an item; its barcode only through `changeBarcode`.
     *
     * @returns false when there is no such item
     */
    update(draft: ItemDraft): boolean {
      const isIt = and(eq(items.barcode, draft.barcode), isThere)
      return db.update(items).set(draft).where(isIt).run().changes > 0
    },

    /** True while its files get the names of another barcode. */
    isBeingRenamed(barcode: Barcode): boolean {
      const isIt = eq(barcodeChanges.oldBarcode, barcode)
      return db.select().from(barcodeChanges).where(isIt).get() !== undefined
    },

    /** @returns false when there is no such item */
    setReady(barcode: Barcode, ready: boolean): boolean {
      return (
        db
          .update(items)
          .set({ ready })
          .where(and(eq(items.barcode, barcode), isThere))
          .run().changes > 0
      )
    },

    /** Takes the item away from every page and reader. @throws when a loan of it has not ended */
    remove(barcode: Barcode, now: EpochMs): void {
      db.update(items)
        .set({ removedAt: now, ready: false })
        .where(and(eq(items.barcode, barcode), isThere))
        .run()
    },

    search: itemSearch(db),

    /** One page of the items in the order of their titles. */
    page({ limit, offset }: { limit: number; offset: number }): Item[] {
      return db
        .select()
        .from(items)
        .where(isThere)
        .orderBy(sql`${items.title} collate nocase`, items.barcode)
        .limit(limit)
        .offset(offset)
        .all()
    },

    /** The next items after a barcode ('' for the first ones), in the order of barcodes. */
    after(barcode: string, limit: number): Item[] {
      return db
        .select()
        .from(items)
        .where(and(gt(items.barcode, barcode as Barcode), isThere))
        .orderBy(items.barcode)
        .limit(limit)
        .all()
    },

    count(): number {
      return db.select({ items: count() }).from(items).where(isThere).get()?.items ?? 0
    },
  }
}
