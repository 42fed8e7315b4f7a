import type { EpochMs } from '../clock.ts'
import { and, desc, eq, gt, inArray, lt } from '../db/drizzle.ts'
import type { Db } from '../db/open.ts'
import { audit } from '../db/schema.ts'
import type { Barcode } from '../ids.ts'

/** One thing that staff did. `staff`: their sign-in name, or 'script'. */
export type AuditEntry = typeof audit.$inferInsert

export type Audit = ReturnType<typeof auditIn>

/** The record of what staff did. It never names a patron. */
export function auditIn(db: Db) {
  return {
    /** Does something that is recorded: both, or neither when one of them fails. */
    together<Result>(work: () => Result): Result {
      return db.transaction(work, { behavior: 'immediate' })
    },

    record(entry: AuditEntry): void {
      db.insert(audit).values(entry).run()
    },

    /** Did this person do this to the item after that instant? */
    hasDone(staff: string, act: string, barcode: Barcode, since: EpochMs): boolean {
      const found = db
        .select({ id: audit.id })
        .from(audit)
        .where(
          and(
            eq(audit.barcode, barcode),
            gt(audit.at, since),
            eq(audit.act, act),
            eq(audit.staff, staff),
          ),
        )
        .limit(1)
        .get()
      return found !== undefined
    },

    /** Has staff deleted the item's cover, and not asked for another one since? */
    isCoverUnwanted(barcode: Barcode): boolean {
      const acts = ['delete-cover', 'look-for-cover']
      const last = db
        .select({ act: audit.act })
        .from(audit)
        .where(and(eq(audit.barcode, barcode), inArray(audit.act, acts)))
        .orderBy(desc(audit.id))
        .limit(1)
        .get()
      return last?.act === 'delete-cover'
    },

    /** Entries older than the one with this number, newest first; all when it is undefined. */
    before(id: number | undefined, limit: number): (typeof audit.$inferSelect)[] {
      return db
        .select()
        .from(audit)
        .where(id === undefined ? undefined : lt(audit.id, id))
        .orderBy(desc(audit.id))
        .limit(limit)
        .all()
    },
  }
}
