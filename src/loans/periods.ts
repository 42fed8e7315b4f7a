import type { EpochMs } from '../clock.ts'

/** A calendar day, month or year, or all time: '2026-03-09', '2026-03', '2026', 'all'. */
export type Period = string
/** A calendar day: '2026-03-09'. */
export type Day = string

export const ALL_TIME: Period = 'all'

/** A run of days, both ends included, and the fewest periods that make it up. */
export interface Span {
  readonly from: Day
  readonly to: Day
  readonly periods: readonly Period[]
}

/** @returns which calendar day an instant is on, in the zone */
export function daysIn(timeZone: string): (at: EpochMs) => Day {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone })
  return (at) => format.format(at)
}

/** @returns undefined when the text is no day of the calendar from 1900 to 2999 */
export function parseDay(text: string): Day | undefined {
  if (!/^(19|2\d)\d\d-\d\d-\d\d$/.test(text)) return undefined
  const at = Date.parse(text)
  return !Number.isNaN(at) && isoDay(at) === text ? text : undefined
}

/** The day, its month, its year, all time: everything that the day adds to. */
export function periodsOf(day: Day): readonly Period[] {
  return [day, day.slice(0, 7), day.slice(0, 4), ALL_TIME]
}

/** The first and the last day of a day, month or year. */
export function daysOf(period: Period): { from: Day; to: Day } {
  if (period.length === 10) return { from: period, to: period }
  const next =
    period.length === 4
      ? Date.UTC(Number(period) + 1, 0)
      : Date.UTC(Number(period.slice(0, 4)), Number(period.slice(5)))
  const from = period.length === 4 ? `${period}-01-01` : `${period}-01`
  return { from, to: isoDay(next - DAY_MS) }
}

export function dayBefore(day: Day): Day {
  return isoDay(Date.parse(day) - DAY_MS)
}

/** @param to not before `from` */
export function spanOf(from: Day, to: Day): Span {
  const periods: Period[] = []
  for (let day = from; day <= to; ) {
    const [, month, year] = periodsOf(day) as [Period, Period, Period]
    const largest =
      [year, month].find((period) => {
        const days = daysOf(period)
        return days.from === day && days.to <= to
      }) ?? day
    periods.push(largest)
    day = isoDay(Date.parse(daysOf(largest).to) + DAY_MS)
  }
  return { from, to, periods }
}

/**
 * Cuts a span for a chart: by days up to two months, by months up to three years, else by years.
 * The first and the last piece may be cut short.
 */
export function stepsOf({ from, to }: Span): { label: Period; span: Span }[] {
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1
  const length = days <= 62 ? 10 : days <= 3 * 366 ? 7 : 4
  const steps: { label: Period; span: Span }[] = []
  for (let day = from; day <= to; ) {
    const label = day.slice(0, length)
    const last = daysOf(label).to
    steps.push({ label, span: spanOf(day, last < to ? last : to) })
    day = isoDay(Date.parse(last) + DAY_MS)
  }
  return steps
}

const DAY_MS = 24 * 60 * 60 * 1000

function isoDay(at: EpochMs): Day {
  return new Date(at).toISOString().slice(0, 10)
}
