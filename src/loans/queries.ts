import type { SQL } from 'drizzle-orm'
import type { EpochMs } from '../clock.ts'
import {
  and,
  count,
  desc,
  eq,
  gt,
  inArray,
  isNotNull,
  isNull,
  lte,
  or,
  sql,
} from '../db/drizzle.ts'
import type { Db } from '../db/open.ts'
import { clock, items, loans } from '../db/schema.ts'
import type { Barcode, PatronId } from '../ids.ts'
import type { Facts } from './rules.ts'

/** What the gate and the viewer need of an open loan. */
export interface OpenLoan {
  readonly id: number
  readonly manifestVersion: string
  readonly startedAt: EpochMs
  readonly dueAt: EpochMs
  /** It is in the statistics: not a loan of the staff. */
  readonly counted: boolean
}

export type NewLoan = Omit<typeof loans.$inferInsert, 'id' | 'endedAt' | 'endedBy'>

export type EndedBy = 'reader' | 'staff'

/** All SQL about loans. Open means: not ended, and `now < due_at`, whether or not it was swept. */
export type LoanQueries = ReturnType<typeof loanQueries>

export function loanQueries(db: Db) {
  const at = {
    barcode: sql.placeholder('barcode'),
    patron: sql.placeholder('patron'),
    now: sql.placeholder('now'),
  }
  const isOpen = and(isNull(loans.endedAt), gt(loans.dueAt, at.now))
  const ofPatron = eq(loans.patron, at.patron)
  const ofItem = eq(loans.barcode, at.barcode)

  const item = db
    .select()
    .from(items)
    .where(and(eq(items.barcode, at.barcode), isNull(items.removedAt)))
    .prepare()
  const openOfBoth = db
    .select({
      id: loans.id,
      manifestVersion: loans.manifestVersion,
      startedAt: loans.startedAt,
      dueAt: loans.dueAt,
      counted: loans.counted,
    })
    .from(loans)
    .where(and(ofItem, ofPatron, isOpen))
    .prepare()
  const openOfPatron = db
    .select({ barcode: loans.barcode, dueAt: loans.dueAt })
    .from(loans)
    .where(and(ofPatron, isOpen))
    .prepare()
  const dueTimes = db
    .select({ dueAt: loans.dueAt })
    .from(loans)
    .where(and(ofItem, isOpen))
    .orderBy(loans.dueAt)
    .prepare()
  const lastEnded = db
    .select({ endedAt: sql<EpochMs>`coalesce(${loans.endedAt}, ${loans.dueAt})` })
    .from(loans)
    .where(and(ofItem, ofPatron))
    .orderBy(desc(loans.startedAt), desc(loans.id))
    .limit(1)
    .prepare()

  const openInAll = db.select({ count: count() }).from(loans).where(isOpen).prepare()
  const lastSeen = db.select({ at: clock.lastSeen }).from(clock).prepare()

  function stampOverdue(now: EpochMs, which?: SQL): number {
    return db
      .update(loans)
      .set({ endedAt: sql`${loans.dueAt}`, endedBy: 'time' })
      .where(and(isNull(loans.endedAt), lte(loans.dueAt, now), which))
      .run().changes
  }

  return {
    /** Runs `work` with the database locked against other writers (BEGIN IMMEDIATE). */
    exclusively<Result>(work: () => Result): Result {
      return db.transaction(work, { behavior: 'immediate' })
    },

    /** The open loan of this item to this patron: the question before every page, image and manifest. */
    openLoan(barcode: Barcode, patron: PatronId, now: EpochMs): OpenLoan | undefined {
      return openOfBoth.get({ barcode, patron, now })
    },

    /** What the rules ask, all but the manifest and the settings. */
    facts(
      barcode: Barcode,
      patron: PatronId,
      now: EpochMs,
    ): Omit<Facts, 'manifestVersion' | 'reloanWaitMs'> {
      const which = { barcode, patron, now }
      return {
        now,
        item: item.get(which),
        openLoan: openOfPatron.get(which),
        lastEndedAt: lastEnded.get(which)?.endedAt,
        dueTimes: dueTimes.all(which).map((loan) => loan.dueAt),
        lastSeen: lastSeen.get()?.at ?? 0,
      }
    },

    /** @returns the number of the loan */
    add(loan: NewLoan): number {
      return Number(db.insert(loans).values(loan).run().lastInsertRowid)
    },

    /** Stamps what is overdue of this item and of this patron, so that it blocks nobody. */
    stampOverdueOf(barcode: Barcode, patron: PatronId, now: EpochMs): void {
      stampOverdue(now, or(eq(loans.barcode, barcode), eq(loans.patron, patron)))
    },

    /** @returns how many loans were over and not stamped yet */
    stampAllOverdue(now: EpochMs): number {
      return stampOverdue(now)
    },

    /** Ends an open loan. A clock that was set back never makes the end come before the start. */
    end(id: number, now: EpochMs, by: EndedBy): void {
      db.update(loans)
        .set({ endedAt: sql`max(${now}, ${loans.startedAt})`, endedBy: by })
        .where(and(eq(loans.id, id), isNull(loans.endedAt)))
        .run()
    },

    /** The staff end every open loan of the item. @returns how many */
    endAllOf(barcode: Barcode, now: EpochMs): number {
      stampOverdue(now, eq(loans.barcode, barcode))
      return db
        .update(loans)
        .set({ endedAt: sql`max(${now}, ${loans.startedAt})`, endedBy: 'staff' })
        .where(and(eq(loans.barcode, barcode), isNull(loans.endedAt)))
        .run().changes
    },

    /** The staff end the open loans of the item that began last, at most so many. @returns how many */
    endNewestOf(barcode: Barcode, most: number, now: EpochMs): number {
      const newest = db
        .select({ id: loans.id })
        .from(loans)
        .where(and(eq(loans.barcode, barcode), isNull(loans.endedAt), gt(loans.dueAt, now)))
        .orderBy(desc(loans.startedAt), desc(loans.id))
        .limit(most)
      return db
        .update(loans)
        .set({ endedAt: sql`max(${now}, ${loans.startedAt})`, endedBy: 'staff' })
        .where(inArray(loans.id, newest))
        .run().changes
    },

    /** Erases the patron of every loan that ended at or before the instant. @returns how many */
    forgetEndedBy(endedBefore: EpochMs): number {
      return db
        .update(loans)
        .set({ patron: null })
        .where(
          and(isNotNull(loans.patron), isNotNull(loans.endedAt), lte(loans.endedAt, endedBefore)),
        )
        .run().changes
    },

    /** The manifest versions that loans not yet over read by. */
    versionsInUse(now: EpochMs): { barcode: Barcode; manifestVersion: string }[] {
      return db
        .selectDistinct({ barcode: loans.barcode, manifestVersion: loans.manifestVersion })
        .from(loans)
        .where(and(isNull(loans.endedAt), gt(loans.dueAt, now)))
        .all()
    },

    openLoans(barcode: Barcode, now: EpochMs): number {
      return dueTimes.all({ barcode, now }).length
    },

    /** How many loans are open in all. */
    openInAll(now: EpochMs): number {
      return openInAll.get({ now })?.count ?? 0
    },

    /** When each open loan of the item is due, soonest first. */
    dueTimes(barcode: Barcode, now: EpochMs): EpochMs[] {
      return dueTimes.all({ barcode, now }).map((loan) => loan.dueAt)
    },

    lastSeen(): EpochMs {
      return lastSeen.get()?.at ?? 0
    },

    /** Moves the latest instant seen forward, never back. */
    see(now: EpochMs): void {
      db.update(clock).set({ lastSeen: now }).where(lte(clock.lastSeen, now)).run()
    },

    /**
     * Writes the WAL back and empties it, so that no erased patron stays in it.
     * @returns false when a reader in another process held it up: call again
     */
    emptyWal(): boolean {
      const { $client } = db
      const timeout = $client.pragma('busy_timeout', { simple: true })
      // Waiting for the reader would hold up everybody else of this process.
      $client.pragma('busy_timeout = 0')
      const [{ busy }] = $client.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }]
      $client.pragma(`busy_timeout = ${timeout}`)
      return busy === 0
    },
  }
}
