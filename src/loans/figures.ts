import type { EpochMs } from '../clock.ts'
import type { Db } from '../db/open.ts'
import type { Barcode } from '../ids.ts'
import type { Day, Span } from './periods.ts'
import { ALL_ITEMS, type Scope } from './totals.ts'

export interface Sums {
  readonly loans: number
  readonly endedByReader: number
  readonly endedByTime: number
  readonly endedByStaff: number
  readonly lengthMs: number
  readonly turnAways: number
}

export interface ItemSums extends Sums {
  readonly barcode: Barcode
  /** The barcode, when there is no such item any more. */
  readonly title: string
}

/** So many loans lasted so many whole minutes. */
export interface LengthCount {
  readonly minutes: number
  readonly loans: number
}

/** When demand says "buy or pull another copy": this often, and once for every two loans. */
export const WANTED_TURN_AWAYS = 3
export const WANTED_LOANS_PER_TURN_AWAY = 2

const COLUMNS = [
  'loans',
  'ended_by_reader',
  'ended_by_time',
  'ended_by_staff',
  'length_ms',
  'turn_aways',
]
const ADDED = COLUMNS.map((one) => `coalesce(sum(${one}), 0) as ${one}`).join(', ')
const NAMED = `loans, ended_by_reader as endedByReader, ended_by_time as endedByTime,
  ended_by_staff as endedByStaff, length_ms as lengthMs, turn_aways as turnAways`
const ONE_OF = '(select value from json_each(:periods))'

export type Figures = ReturnType<typeof figuresIn>

/** The reading of sums. Nothing here reads the past loans themselves. */
export function figuresIn(db: Db) {
  const sql = db.$client
  const sum = sql.prepare(
    `select ${NAMED} from
       (select ${ADDED} from totals where barcode = :scope and period in ${ONE_OF})`,
  )
  const lengthsOfAll = sql.prepare(
    `select minutes, sum(loans) as loans from lengths
     where barcode = '' and period in ${ONE_OF} group by minutes order by minutes`,
  )
  const lengthsOfItem = sql.prepare(
    `select minutes, sum(loans) as loans from lengths
     where barcode = :scope and period between :from and :to group by minutes order by minutes`,
  )
  const readers = sql
    .prepare(
      `select count(*) from loans
       where ended_at is null and due_at > :now and counted = 1 and barcode = :scope`,
    )
    .pluck()
  const readersOfAll = sql
    .prepare(`select count(*) from loans where ended_at is null and due_at > :now and counted = 1`)
    .pluck()
  const firstDay = sql
    .prepare(`select min(period) from totals where barcode = '' and length(period) = 10`)
    .pluck()

  /** One month, one year and all time come ready in order from an index; other spans are summed. */
  function ranked(order: 'loans' | 'turn_aways', condition: string) {
    const ready = `select barcode, ${COLUMNS.join(', ')} from totals
      where period = :period and barcode <> '' and length(period) < 10`
    const summed = `select * from (select barcode, ${ADDED} from totals
        where period in ${ONE_OF} and barcode <> '' group by barcode)
      where true`
    const [one, many] = [ready, summed].map((rows) =>
      sql.prepare(
        `select chosen.barcode, ${NAMED}, coalesce(title, chosen.barcode) as title
         from (${rows} and ${condition} order by ${order} desc, barcode limit :limit offset :offset)
           as chosen left join items on items.barcode = chosen.barcode
         order by ${order} desc, chosen.barcode`,
      ),
    )
    return ({ periods }: Span, page: { limit: number; offset: number }): ItemSums[] => {
      const [period] = periods
      const isReady = periods.length === 1 && period?.length !== 10
      const rows = isReady
        ? one?.all({ period, ...page })
        : many?.all({ periods: JSON.stringify(periods), ...page })
      return rows as ItemSums[]
    }
  }
  const mostLent = ranked('loans', 'loans > 0')
  const lent = sql
    .prepare(
      `select count(distinct barcode) from totals
       where period in ${ONE_OF} and barcode <> '' and loans > 0`,
    )
    .pluck()
  const mostWanted = ranked(
    'turn_aways',
    `turn_aways >= ${WANTED_TURN_AWAYS}
       and turn_aways * ${WANTED_LOANS_PER_TURN_AWAY} >= loans`,
  )

  return {
    sum(scope: Scope, { periods }: Span): Sums {
      return sum.get({ scope, periods: JSON.stringify(periods) }) as Sums
    },

    /** How long the loans lasted, shortest first. */
    lengths(scope: Scope, { from, to, periods }: Span): LengthCount[] {
      const rows =
        scope === ALL_ITEMS
          ? lengthsOfAll.all({ periods: JSON.stringify(periods) })
          : lengthsOfItem.all({ scope, from, to })
      return rows as LengthCount[]
    },

    /** Loans that are open now, those of staff not counted. */
    readersNow(scope: Scope, now: EpochMs): number {
      const row = scope === ALL_ITEMS ? readersOfAll.get({ now }) : readers.get({ now, scope })
      return row as number
    },

    /** The items with the most loans in the span, first first. */
    mostLent,

    /** How many items `mostLent` has in all. */
    lentItems: ({ periods }: Span) => lent.get({ periods: JSON.stringify(periods) }) as number,

    /** The items of which another copy is wanted, the most turned away first. */
    mostWanted: (span: Span, limit: number) => mostWanted(span, { limit, offset: 0 }),

    /** The first day that has numbers; undefined when none has. */
    firstDay(): Day | undefined {
      return (firstDay.get() as Day | null) ?? undefined
    },
  }
}

/**
 * The middle one of all lengths, the mean of the two middle ones when they are even in number.
 *
 * @returns minutes; undefined when there are none
 */
export function medianMinutes(counts: readonly LengthCount[]): number | undefined {
  const total = counts.reduce((sum, { loans }) => sum + loans, 0)
  if (total === 0) return undefined
  const nth = (rank: number): number => {
    let passed = 0
    for (const { minutes, loans } of counts) {
      passed += loans
      if (passed > rank) return minutes
    }
    throw new Error('the rank is beyond the last length')
  }
  return (nth(Math.floor((total - 1) / 2)) + nth(Math.floor(total / 2))) / 2
}
