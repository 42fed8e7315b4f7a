import { eq, sql } from '../db/drizzle.ts'
import type { Db } from '../db/open.ts'
import { people } from '../db/schema.ts'
import type { PatronId } from '../ids.ts'

/** Who may do what: a patron borrows and reads; staff also look after the items. */
export type Role = 'patron' | 'staff'

/** The staff, as `role = 'library'` of the table; everybody else who signs in is a patron. */
export type People = ReturnType<typeof peopleIn>

export function peopleIn(db: Db) {
  const byName = db
    .select({ role: people.role })
    .from(people)
    .where(eq(people.name, sql.placeholder('name')))
    .prepare()

  return {
    role(name: PatronId): Role {
      return byName.get({ name }) === undefined ? 'patron' : 'staff'
    },

    /** @returns false when this person was on the staff before */
    addStaff(name: PatronId): boolean {
      return (
        db.insert(people).values({ name, role: 'library' }).onConflictDoNothing().run().changes > 0
      )
    },

    /** @returns false when nobody of this name was on the staff */
    removeStaff(name: PatronId): boolean {
      return db.delete(people).where(eq(people.name, name)).run().changes > 0
    },

    staff(): PatronId[] {
      const rows = db.select({ name: people.name }).from(people).orderBy(people.name).all()
      return rows.map(({ name }) => name)
    },
  }
}
