import type { SQL } from 'drizzle-orm'
import { type EpochMs, MINUTE } from '../clock.ts'
import { and, asc, count, desc, eq, gt, isNotNull, isNull, or, sql } from '../db/drizzle.ts'
import type { Db } from '../db/open.ts'
import { items, loans } from '../db/schema.ts'
import type { Barcode, PatronId } from '../ids.ts'

/** A loan as the desk sees it. */
export interface DeskLoan {
  readonly id: number
  readonly barcode: Barcode
  readonly title: string
  readonly startedAt: EpochMs
  readonly dueAt: EpochMs
  /** undefined while the loan is open. */
  readonly endedAt: EpochMs | undefined
  /** Who reads; undefined as soon as the loan is over. */
  readonly patron: PatronId | undefined
}

export interface DeskQuestion {
  readonly now: EpochMs
  readonly reloanWaitMs: number
  /** Only loans of this item. */
  readonly barcode?: Barcode | undefined
}

export type DeskQueries = ReturnType<typeof deskQueries>

/** The SQL of the loans desk: open loans, and those whose cooling-off period still runs. */
export function deskQueries(db: Db) {
  const isOpen = (now: EpochMs) => and(isNull(loans.endedAt), gt(loans.dueAt, now))

  /** Cooling off: the wait after the end, rounded up to a minute, is not over (see rules.ts). */
  function shown({ now, reloanWaitMs, barcode }: DeskQuestion): SQL | undefined {
    const waitFrom = Math.floor(now / MINUTE) * MINUTE - reloanWaitMs
    return and(
      isNotNull(loans.patron),
      or(isOpen(now), gt(sql`coalesce(${loans.endedAt}, ${loans.dueAt})`, waitFrom)),
      barcode && eq(loans.barcode, barcode),
    )
  }

  const columns = {
    id: loans.id,
    barcode: loans.barcode,
    title: items.title,
    startedAt: loans.startedAt,
    dueAt: loans.dueAt,
    endedAt: loans.endedAt,
    patron: loans.patron,
  }
  const select = () =>
    db.select(columns).from(loans).innerJoin(items, eq(items.barcode, loans.barcode))

  type Row = Omit<DeskLoan, 'endedAt' | 'patron'> & {
    endedAt: EpochMs | null
    patron: PatronId | null
  }
  const toLoan = (row: Row, now: EpochMs): DeskLoan => {
    const open = row.endedAt === null && now < row.dueAt
    return {
      ...row,
      endedAt: open ? undefined : (row.endedAt ?? row.dueAt),
      patron: open ? (row.patron ?? undefined) : undefined,
    }
  }

  return {
    page(
      question: DeskQuestion,
      { limit, offset, newestDueFirst }: { limit: number; offset: number; newestDueFirst: boolean },
    ): DeskLoan[] {
      const direction = newestDueFirst ? desc : asc
      return select()
        .where(shown(question))
        .orderBy(direction(loans.dueAt), direction(loans.id))
        .limit(limit)
        .offset(offset)
        .all()
        .map((row) => toLoan(row, question.now))
    },

    count(question: DeskQuestion): number {
      return db.select({ loans: count() }).from(loans).where(shown(question)).get()?.loans ?? 0
    },

    /** A loan that `page` could show. */
    find(id: number, question: DeskQuestion): DeskLoan | undefined {
      const row = select()
        .where(and(eq(loans.id, id), shown(question)))
        .get()
      return row && toLoan(row, question.now)
    },

    openIds(barcode: Barcode, now: EpochMs): number[] {
      return db
        .select({ id: loans.id })
        .from(loans)
        .where(and(eq(loans.barcode, barcode), isOpen(now)))
        .orderBy(loans.id)
        .all()
        .map(({ id }) => id)
    },

    /** What lengthening rests on; undefined when the loan is over or there is none. */
    openLoan(id: number, now: EpochMs) {
      return db
        .select({
          barcode: loans.barcode,
          startedAt: loans.startedAt,
          dueAt: loans.dueAt,
          copies: items.copies,
        })
        .from(loans)
        .innerJoin(items, eq(items.barcode, loans.barcode))
        .where(and(eq(loans.id, id), isOpen(now)))
        .get()
    },

    setDue(id: number, dueAt: EpochMs): void {
      db.update(loans).set({ dueAt }).where(eq(loans.id, id)).run()
    },
  }
}
