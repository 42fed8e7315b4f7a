import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { daysIn, daysOf, parseDay, periodsOf, spanOf, stepsOf } from '../../src/loans/periods.ts'

const DAY_MS = 86_400_000
const isoDay = (n: number) => new Date(n * DAY_MS).toISOString().slice(0, 10)
const spans = fc
  .tuple(fc.integer({ min: 18_000, max: 22_000 }), fc.integer({ min: 0, max: 1500 }))
  .map(([from, days]) => ({ from: isoDay(from), to: isoDay(from + days), days: days + 1 }))

function everyDay(periods: readonly string[]): string[] {
  return periods.flatMap((period) => {
    const { from, to } = daysOf(period)
    const length = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1
    return Array.from({ length }, (_, n) => isoDay(Date.parse(from) / DAY_MS + n))
  })
}

describe('a span of days', () => {
  it('is made up of periods that hold each of its days once, and no other', () => {
    fc.assert(
      fc.property(spans, ({ from, to, days }) => {
        const all = everyDay(spanOf(from, to).periods)
        expect([all[0], all.at(-1), all.length, new Set(all).size]).toEqual([from, to, days, days])
      }),
    )
  })

  it('is one period when it is a whole month or year', () => {
    expect(spanOf('2028-02-01', '2028-02-29').periods).toEqual(['2028-02'])
    expect(spanOf('2026-01-01', '2026-12-31').periods).toEqual(['2026'])
    expect(spanOf('2026-03-09', '2026-03-09').periods).toEqual(['2026-03-09'])
    expect(spanOf('2025-12-31', '2027-02-01').periods).toEqual([
      '2025-12-31',
      '2026',
      '2027-01',
      '2027-02-01',
    ])
  })

  it('is cut for a chart into steps that hold each of its days once, and not too many', () => {
    fc.assert(
      fc.property(spans, ({ from, to, days }) => {
        const steps = stepsOf(spanOf(from, to))
        expect(steps.length).toBeLessThanOrEqual(62)
        expect(everyDay(steps.flatMap(({ span }) => span.periods))).toHaveLength(days)
      }),
    )
  })
})

describe('a day', () => {
  it('is that of the zone, also in the hour before midnight UTC', () => {
    const at = Date.UTC(2026, 2, 31, 22, 30)
    expect(daysIn('UTC')(at)).toBe('2026-03-31')
    expect(daysIn('Europe/Zurich')(at)).toBe('2026-04-01')
    expect(daysIn('America/Los_Angeles')(at)).toBe('2026-03-31')
    expect(periodsOf('2026-04-01')).toEqual(['2026-04-01', '2026-04', '2026', 'all'])
  })

  it.each(['2026-02-29', '2026-13-01', '26-01-01', '2026-1-1', '', '1899-01-01', '3000-01-01'])(
    'is not %j',
    (text) => {
      expect(parseDay(text)).toBeUndefined()
    },
  )
})
