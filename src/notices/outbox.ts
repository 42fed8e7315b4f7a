import { type EpochMs, MINUTE } from '../clock.ts'
import { asc, eq, lte, sql } from '../db/drizzle.ts'
import type { Db } from '../db/open.ts'
import { items, loans, outbox } from '../db/schema.ts'
import type { Barcode } from '../ids.ts'

/** A letter to be sent now, and what it tells. */
export interface Letter {
  readonly loanId: number
  readonly address: string
  /** This one included. */
  readonly tries: number
  readonly barcode: Barcode
  readonly title: string
  readonly startedAt: EpochMs
  readonly dueAt: EpochMs
  readonly endedAt: EpochMs | null
}

/** How long after the first, second and third try the next one comes; the fourth is the last. */
export const WAITS: readonly EpochMs[] = [MINUTE, 5 * MINUTE, 30 * MINUTE]

export type Outbox = ReturnType<typeof outboxIn>

/** All SQL about mail that waits. */
export function outboxIn(db: Db) {
  const next = db
    .select({
      loanId: outbox.loanId,
      address: outbox.address,
      tries: sql<number>`${outbox.tries} + 1`,
      barcode: loans.barcode,
      title: items.title,
      startedAt: loans.startedAt,
      dueAt: loans.dueAt,
      endedAt: loans.endedAt,
    })
    .from(outbox)
    .innerJoin(loans, eq(loans.id, outbox.loanId))
    .innerJoin(items, eq(items.barcode, loans.barcode))
    .where(lte(outbox.nextTryAt, sql.placeholder('now')))
    .orderBy(asc(outbox.nextTryAt))
    .limit(1)
    .prepare()

  return {
    /** Called in the transaction of the loan: there is no loan without its mail, nor the reverse. */
    put(loanId: number, address: string, now: EpochMs): void {
      db.insert(outbox).values({ loanId, address, nextTryAt: now }).run()
    },

    /**
     * Takes the next letter that is due, and sets when it is tried again: so no other process takes
     * it meanwhile, and a crash while it is sent does not lose it.
     */
    take(now: EpochMs): Letter | undefined {
      // Most of the time there is nothing, and no need to lock the database for it.
      if (next.get({ now }) === undefined) return undefined
      return db.transaction(
        () => {
          const letter = next.get({ now })
          if (letter === undefined) return undefined
          const wait = WAITS[letter.tries - 1] ?? WAITS.at(-1)!
          db.update(outbox)
            .set({ tries: letter.tries, nextTryAt: now + wait })
            .where(eq(outbox.loanId, letter.loanId))
            .run()
          return letter
        },
        { behavior: 'immediate' },
      )
    },

    /** The letter is delivered or given up: nothing of it is kept. */
    drop({ loanId }: Pick<Letter, 'loanId'>): void {
      db.delete(outbox).where(eq(outbox.loanId, loanId)).run()
    },
  }
}
