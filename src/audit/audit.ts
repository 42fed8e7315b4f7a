import { desc, lt } from 'drizzle-orm'
import type { Db } from '../db/open.ts'
import { audit } from '../db/schema.ts'

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
