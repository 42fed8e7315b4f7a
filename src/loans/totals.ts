import { type EpochMs, MINUTE } from '../clock.ts'
import { and, eq, inArray, isNotNull, sql } from '../db/drizzle.ts'
import type { Db } from '../db/open.ts'
import { lengths, loans, totals } from '../db/schema.ts'
import type { Barcode } from '../ids.ts'
import { type Day, type Period, periodsOf } from './periods.ts'

/** What all items together stand under. */
export const ALL_ITEMS = ''
export type Scope = Barcode | typeof ALL_ITEMS

type Sums = typeof totals.$inferSelect
type Length = typeof lengths.$inferInsert

export type Totals = ReturnType<typeof totalsIn>

/**
 * The writing of sums. A loan counts on the day on which it ended, in the library's zone, so the
 * numbers of a past day never change again. Loans of the staff count nowhere.
 */
export function totalsIn(db: Db, dayOf: (at: EpochMs) => Day) {
  const added = (column: string) => sql.raw(`${column} + excluded.${column}`)
  const addSums = db
    .insert(totals)
    .values({
      period: sql.placeholder('period'),
      barcode: sql.placeholder('barcode'),
      loans: sql.placeholder('loans'),
      endedByReader: sql.placeholder('endedByReader'),
      endedByTime: sql.placeholder('endedByTime'),
      endedByStaff: sql.placeholder('endedByStaff'),
      lengthMs: sql.placeholder('lengthMs'),
      turnAways: sql.placeholder('turnAways'),
    })
    .onConflictDoUpdate({
      target: [totals.period, totals.barcode],
      set: {
        loans: added('loans'),
        endedByReader: added('ended_by_reader'),
        endedByTime: added('ended_by_time'),
        endedByStaff: added('ended_by_staff'),
        lengthMs: added('length_ms'),
        turnAways: added('turn_aways'),
      },
    })
    .prepare()
  const addLength = db
    .insert(lengths)
    .values({
      barcode: sql.placeholder('barcode'),
      period: sql.placeholder('period'),
      minutes: sql.placeholder('minutes'),
      loans: sql.placeholder('loans'),
    })
    .onConflictDoUpdate({
      target: [lengths.barcode, lengths.period, lengths.minutes],
      set: { loans: added('loans') },
    })
    .prepare()

  return {
    /**
     * Adds loans that have ended to the totals, each exactly once: the loan is marked in the same
     * transaction.
     * @param limit how many at most
     * @returns how many there were: as many as `limit` means that there may be more
     */
    addEnded(limit: number): number {
      const work = () => {
        const ended = db
          .select()
          .from(loans)
          .where(and(eq(loans.totalled, sql.raw('0')), isNotNull(loans.endedAt)))
          .orderBy(loans.endedAt)
          .limit(limit)
          .all()
        const { sums, minutes } = addUp(ended.filter(({ counted }) => counted).map(toEnded(dayOf)))
        for (const sum of sums) addSums.run({ ...sum })
        for (const length of minutes) addLength.run({ ...length })
        db.update(loans)
          .set({ totalled: true })
          .where(inArray(loans.id, sql`(select value from json_each(${idsOf(ended)}))`))
          .run()
        return ended.length
      }
      return db.transaction(work, { behavior: 'immediate' })
    },

    /** Somebody wanted the item and found no copy. */
    addTurnAway(barcode: Barcode, now: EpochMs): void {
      const work = () => {
        for (const period of periodsOf(dayOf(now))) {
          for (const scope of [barcode, ALL_ITEMS] as const) {
            addSums.run({ ...nothing(period, scope), turnAways: 1 })
          }
        }
      }
      db.transaction(work, { behavior: 'immediate' })
    },
  }
}

interface Ended {
  readonly barcode: Barcode
  readonly day: Day
  readonly by: 'endedByReader' | 'endedByTime' | 'endedByStaff'
  readonly lengthMs: number
}

const BY = { reader: 'endedByReader', time: 'endedByTime', staff: 'endedByStaff' } as const

function toEnded(dayOf: (at: EpochMs) => Day) {
  return ({ barcode, startedAt, endedAt, endedBy }: typeof loans.$inferSelect): Ended => {
    if (endedAt === null || endedBy === null) throw new Error('an open loan has no length yet')
    return { barcode, day: dayOf(endedAt), by: BY[endedBy], lengthMs: endedAt - startedAt }
  }
}

const nothing = (period: Period, barcode: Scope): Sums => ({
  period,
  barcode,
  loans: 0,
  endedByReader: 0,
  endedByTime: 0,
  endedByStaff: 0,
  lengthMs: 0,
  turnAways: 0,
})

/** Many loans often share a row: it is written once for all of them. */
function addUp(ended: readonly Ended[]) {
  const sums = new Map<string, Sums>()
  const minutes = new Map<string, Length>()
  for (const { barcode, day, by, lengthMs } of ended) {
    const length = Math.round(lengthMs / MINUTE)
    for (const period of periodsOf(day)) {
      for (const scope of [barcode, ALL_ITEMS] as const) {
        const key = `${period} ${scope}`
        const sum = sums.get(key) ?? nothing(period, scope)
        sum.loans += 1
        sum[by] += 1
        sum.lengthMs += lengthMs
        sums.set(key, sum)
        // Of single items only days are kept: they are few enough to be added up when asked for.
        if (scope !== ALL_ITEMS && period !== day) continue
        const row = minutes.get(`${key} ${length}`) ?? {
          barcode: scope,
          period,
          minutes: length,
          loans: 0,
        }
        row.loans += 1
        minutes.set(`${key} ${length}`, row)
      }
    }
  }
  return { sums: sums.values(), minutes: minutes.values() }
}

const idsOf = (rows: readonly { id: number }[]) => JSON.stringify(rows.map(({ id }) => id))
