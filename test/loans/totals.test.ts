import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MINUTE } from '../../src/clock.ts'
import type { Db } from '../../src/db/open.ts'
import { type LengthCount, medianMinutes } from '../../src/loans/figures.ts'
import { pageRequests } from '../../src/loans/page-requests.ts'
import { spanOf } from '../../src/loans/periods.ts'
import { statisticsIn } from '../../src/loans/statistics.ts'
import { testClock } from '../support/clock.ts'
import { testFolder } from '../support/folder.ts'
import { barcode, library, openTestDb, patron } from '../support/lending.ts'

const ZONE = 'Europe/Zurich'
const noLog = { debug() {}, info() {}, warn() {}, error() {} }

function countingLibrary(file?: string) {
  const made = library(file)
  for (const name of ['A', 'B', 'C']) made.addItem(name, { copies: 999 })
  const statistics = statisticsIn(made.db, { clock: made.clock, log: noLog, timeZone: ZONE })
  return { ...made, ...statistics }
}

interface Past {
  barcode: string
  startedAt: number
  lengthMs: number
  by: 'reader' | 'time' | 'staff'
  counted: boolean
}

function addPast(db: Db, past: Past): void {
  const { startedAt, lengthMs, by } = past
  db.$client
    .prepare(
      `insert into loans (barcode, manifest_version, counted, started_at, due_at, ended_at, ended_by)
       values (?, 'v1', ?, ?, ?, ?, ?)`,
    )
    .run(
      past.barcode,
      past.counted ? 1 : 0,
      startedAt,
      startedAt + lengthMs + 1,
      startedAt + lengthMs,
      by,
    )
}

const pasts = fc.array(
  fc.record<Past>({
    barcode: fc.constantFrom('A', 'B', 'C'),
    startedAt: fc.integer({ min: Date.UTC(2024, 11, 25), max: Date.UTC(2026, 1, 5) }),
    lengthMs: fc.integer({ min: 0, max: 3 * 60 * MINUTE }),
    by: fc.constantFrom('reader', 'time', 'staff'),
    counted: fc.boolean(),
  }),
  { maxLength: 40 },
)
const days = fc
  .tuple(fc.integer({ min: 20_080, max: 20_500 }), fc.integer({ min: 0, max: 420 }))
  .map(([from, length]) =>
    [from, from + length].map((n) => new Date(n * 86_400_000).toISOString().slice(0, 10)),
  )

/** The same numbers straight from the loans. */
function bruteForce(all: Past[], scope: string, from: string, to: string) {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: ZONE })
  const found = all.filter((one) => {
    const day = format.format(one.startedAt + one.lengthMs)
    return one.counted && (scope === '' || one.barcode === scope) && from <= day && day <= to
  })
  const endedBy = (by: string) => found.filter((one) => one.by === by).length
  const minutes = found.map((one) => Math.round(one.lengthMs / MINUTE)).sort((a, b) => a - b)
  const half = minutes.length / 2
  const middle = [minutes[Math.ceil(half) - 1] ?? 0, minutes[Math.floor(half)] ?? 0]
  return {
    sums: {
      loans: found.length,
      endedByReader: endedBy('reader'),
      endedByTime: endedBy('time'),
      endedByStaff: endedBy('staff'),
      lengthMs: found.reduce((sum, { lengthMs }) => sum + lengthMs, 0),
      turnAways: 0,
    },
    median: found.length === 0 ? undefined : ((middle[0] ?? 0) + (middle[1] ?? 0)) / 2,
  }
}

describe('the totals', () => {
  it('are what adding up the loans themselves gives, for any item and span', () => {
    fc.assert(
      fc.property(pasts, days, (all, [from = '', to = '']) => {
        const { db, totals, figures } = countingLibrary()
        for (const past of all) addPast(db, past)
        while (totals.addEnded(7) === 7);
        const span = spanOf(from, to)
        for (const scope of ['', 'A', 'B'] as const) {
          const expected = bruteForce(all, scope, from, to)
          const asked = scope === '' ? scope : barcode(scope)
          expect(figures.sum(asked, span)).toEqual(expected.sums)
          expect(medianMinutes(figures.lengths(asked, span))).toBe(expected.median)
        }
        const ranking = figures.mostLent(span, { limit: 9, offset: 0 })
        expect(ranking.map((row) => [row.barcode, row.loans])).toEqual(
          ['A', 'B', 'C']
            .map((item) => [item, bruteForce(all, item, from, to).sums.loans] as const)
            .filter(([, loans]) => loans > 0)
            .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)),
        )
        db.$client.close()
      }),
      { numRuns: 60 },
    )
  })

  it('hold a loan once, however often and by however many processes they are kept', () => {
    const file = `${testFolder()}/carrel.db`
    const { db, totals, figures, clock } = countingLibrary(file)
    const past = {
      barcode: 'A',
      startedAt: clock.t,
      lengthMs: 5,
      by: 'time',
      counted: true,
    } as const
    for (let n = 0; n < 10; n++) addPast(db, past)
    const other = openTestDb(file)
    const elsewhere = statisticsIn(other, { clock, log: noLog, timeZone: ZONE })
    expect([totals.addEnded(4), elsewhere.totals.addEnded(100), totals.addEnded(4)]).toEqual([
      4, 6, 0,
    ])
    expect(figures.sum('', spanOf('2026-01-02', '2026-01-02')).loans).toBe(10)
    other.$client.close()
    db.$client.close()
  })

  it('hold a loan once although the process dies in the middle: all or nothing', () => {
    const { db, totals, figures, clock } = countingLibrary()
    addPast(db, { barcode: 'A', startedAt: clock.t, lengthMs: 5, by: 'time', counted: true })
    db.$client.exec(`create trigger crash before update of totalled on loans
      begin select raise(abort, 'crash'); end`)
    const day = spanOf('2026-01-02', '2026-01-02')
    expect(() => totals.addEnded(4)).toThrow(/crash/)
    expect(figures.sum('', day).loans).toBe(0)
    db.$client.exec('drop trigger crash')
    expect(totals.addEnded(4)).toBe(1)
    expect(figures.sum('', day).loans).toBe(1)
  })

  it('follow an item to its new barcode, and join what was there', () => {
    const { db, totals, figures, clock } = countingLibrary()
    const past = { startedAt: clock.t, lengthMs: 5 * MINUTE, by: 'time', counted: true } as const
    addPast(db, { ...past, barcode: 'A' })
    totals.addTurnAway(barcode('A'), clock.t)
    totals.addTurnAway(barcode('Z'), clock.t)
    totals.addEnded(4)
    db.$client.exec("update items set barcode = 'Z' where barcode = 'A'")
    const day = spanOf('2026-01-02', '2026-01-02')
    expect(figures.sum(barcode('Z'), day)).toMatchObject({ loans: 1, turnAways: 2 })
    expect(figures.lengths(barcode('Z'), day)).toEqual([{ minutes: 5, loans: 1 }])
    expect(figures.sum(barcode('A'), day)).toMatchObject({ loans: 0, turnAways: 0 })
    expect(figures.sum('', day)).toMatchObject({ loans: 1, turnAways: 2 })
  })

  it('come in order from an index for a month, a year and all time', () => {
    const { db } = countingLibrary()
    const plan = (order: string) =>
      JSON.stringify(
        db.$client
          .prepare(
            `explain query plan select * from totals where period = '2026' and barcode <> ''
             and length(period) < 10 and turn_aways >= 3 order by ${order} desc, barcode limit 9`,
          )
          .all(),
      )
    expect(plan('turn_aways')).toMatch(/INDEX totals_by_turn_aways/)
    expect(plan('turn_aways')).not.toMatch(/TEMP B-TREE/)
  })
})

describe('the median', () => {
  it.each<[LengthCount[], number | undefined]>([
    [[], undefined],
    [[{ minutes: 7, loans: 1 }], 7],
    [
      [
        { minutes: 1, loans: 2 },
        { minutes: 4, loans: 2 },
      ],
      2.5,
    ],
    [
      [
        { minutes: 1, loans: 3 },
        { minutes: 4, loans: 2 },
      ],
      1,
    ],
  ])('of %j is %j', (counts, median) => {
    expect(medianMinutes(counts)).toBe(median)
  })
})

describe('turn-aways', () => {
  it('count once per patron, item and hour', () => {
    const { turnAways, figures, clock } = countingLibrary()
    const [A, B] = [barcode('A'), barcode('B')]
    const note = () => {
      for (const item of [A, A, B]) turnAways.note(item, patron('ann'))
      turnAways.note(A, patron('bob'))
    }
    const day = spanOf('2026-01-02', '2026-01-02')
    note()
    note()
    expect(figures.sum(A, day).turnAways).toBe(2)
    expect(figures.sum('', day).turnAways).toBe(3)
    clock.t += 60 * MINUTE
    note()
    expect(figures.sum('', day).turnAways).toBe(6)
  })

  it('ask for another copy from three on, when there is one for every two loans', () => {
    const { db, totals, figures, clock } = countingLibrary()
    const past = { startedAt: clock.t, lengthMs: 5, by: 'time', counted: true } as const
    for (const [item, loans, turnedAway] of [
      ['A', 6, 3],
      ['B', 7, 3],
      ['C', 0, 2],
      ['gone', 0, 5],
    ] as const) {
      for (let n = 0; n < loans; n++) addPast(db, { ...past, barcode: item })
      for (let n = 0; n < turnedAway; n++) totals.addTurnAway(barcode(item), clock.t)
    }
    totals.addEnded(100)
    for (const span of [
      { from: '', to: '', periods: ['all'] },
      spanOf('2026-01-01', '2026-01-02'),
      spanOf('2026-01-02', '2026-01-02'),
    ]) {
      const wanted = figures.mostWanted(span, 9).map(({ title }) => title)
      expect(wanted).toEqual(['gone', 'Title of A'])
    }
  })
})

describe('page requests', () => {
  it('are told by the quarters of the last hour, and forgotten after it', () => {
    const clock = testClock()
    const requests = pageRequests(clock)
    const counts = (scope: '' | 'A') =>
      requests.lastHour(scope === '' ? scope : barcode(scope)).map((quarter) => quarter.requests)
    requests.count(barcode('A'))
    clock.t += 15 * MINUTE
    requests.count(barcode('A'))
    requests.count(barcode('B'))
    expect([counts('A'), counts('')]).toEqual([
      [0, 0, 1, 1],
      [0, 0, 1, 2],
    ])
    clock.t += 45 * MINUTE
    expect(counts('')).toEqual([2, 0, 0, 0])
    clock.t += 15 * MINUTE
    expect(counts('')).toEqual([0, 0, 0, 0])
  })
})
