import { HOUR, MINUTE } from '../clock.ts'
import { parseBarcode } from '../ids.ts'
import { medianMinutes, type Sums } from '../loans/figures.ts'
import {
  ALL_TIME,
  type Day,
  dayBefore,
  daysOf,
  parseDay,
  periodsOf,
  spanOf,
} from '../loans/periods.ts'
import { ALL_ITEMS, type Scope } from '../loans/totals.ts'
import type { Answers } from './answers.ts'
import { barChart, chartPolicy, inWords } from './chart.ts'
import type { WebContext, WebDeps } from './context.ts'
import type { StatsNumbers, StatsPage } from './desk-pages.ts'
import { pageNumber } from './loans.ts'
import type { Router } from './routes.ts'
import { type ChartName, chartsOf, type Question } from './stats-charts.ts'
import { lengthInWords } from './words.ts'

const ROWS = 25
const MOST_WANTED = 10

const WIDTHS = new Map([
  ['wide', 720],
  ['narrow', 340],
])

/** What was typed, and either what it asks for or a sentence for each field that is wrong. */
interface Reading {
  readonly typed: { readonly from: string; readonly to: string; readonly barcode: string }
  readonly period: string
  readonly question: Question | undefined
  readonly faults: { readonly field: string; readonly fault: string }[]
}

/** The numbers of lending: never who, only how many and how long. */
export function statsRoutes({ route, staffOnly }: Router, deps: WebDeps, answers: Answers): void {
  const { clock, words, items, statistics } = deps
  const { figures, pageRequests, dayOf } = statistics
  const charts = chartsOf(statistics, (at) => words.clockTime(at, at))
  const policy = chartPolicy()

  function read(c: WebContext): Reading {
    const field = (name: string) => (c.req.query(name) ?? '').trim()
    const today = dayOf(clock.now())
    const period = field('period') === ALL_TIME ? ALL_TIME : ''
    const typed = { from: field('from'), to: field('to'), barcode: field('barcode') }
    const faults: Reading['faults'] = []
    const scope = typed.barcode === '' ? ALL_ITEMS : parseBarcode(typed.barcode)
    if (scope === undefined) faults.push({ field: 'barcode', fault: 'This is not a barcode.' })
    const { from, to } = typedDays(typed, today, faults)
    if (faults.length > 0 || scope === undefined)
      return { typed, period, question: undefined, faults }
    const span =
      period === ALL_TIME
        ? { from: figures.firstDay() ?? today, to: today, periods: [ALL_TIME] }
        : spanOf(from, to)
    return {
      typed: { ...typed, from: span.from, to: span.to },
      period,
      question: { scope, span },
      faults,
    }
  }

  function numbers(scope: Scope, question: Question, sums: Sums): StatsNumbers {
    const median = medianMinutes(figures.lengths(scope, question.span))
    return {
      loans: sums.loans,
      median: median === undefined ? '–' : minutesInWords(median),
      mean: sums.loans === 0 ? '–' : minutesInWords(sums.lengthMs / sums.loans / MINUTE),
      endedByReader: sums.endedByReader,
      endedByTime: sums.endedByTime,
      endedByStaff: sums.endedByStaff,
      turnAways: sums.turnAways,
      readersNow: figures.readersNow(scope, clock.now()),
      requests: pageRequests
        .lastHour(scope)
        .map(({ requests }) => requests)
        .join(', '),
    }
  }

  /** The page of items that is asked for, or the last one there is. */
  function mostLent(c: WebContext, { scope, span }: Question) {
    if (scope !== ALL_ITEMS) return { page: 1, ranking: [] }
    const at = (page: number) => {
      const ranking = figures.mostLent(span, { limit: ROWS + 1, offset: (page - 1) * ROWS })
      return { page, ranking }
    }
    const asked = pageNumber(c, 1_000_000)
    const found = at(asked)
    if (found.ranking.length > 0 || asked === 1) return found
    return at(Math.max(1, Math.ceil(figures.lentItems(span) / ROWS)))
  }

  function statsPage(c: WebContext, reading: Reading, question: Question): StatsPage {
    const { scope, span } = question
    const query = new URLSearchParams(
      reading.period === ALL_TIME ? { period: ALL_TIME } : { from: span.from, to: span.to },
    )
    const ofItem = new URLSearchParams(query)
    if (scope !== ALL_ITEMS) ofItem.set('barcode', scope)
    const { page, ranking } = mostLent(c, question)
    return {
      ...reading.typed,
      faults: [],
      title: scope === ALL_ITEMS ? '' : (items.find(scope)?.title ?? scope),
      span: `${inFull(span.from)} to ${inFull(span.to)}`,
      presets: presets(dayOf(clock.now()), query.toString(), scope),
      query: query.toString(),
      numbers: numbers(scope, question, figures.sum(scope, span)),
      charts: (Object.keys(charts) as ChartName[]).map((name) => {
        const chart = charts[name](question)
        const isEmpty = chart.series.every(({ values }) => values.every((value) => value === 0))
        return { ...chart, name, isEmpty, alt: inWords(chart), query: ofItem.toString() }
      }),
      rows: ranking.slice(0, ROWS).map((row) => ({
        barcode: row.barcode,
        title: row.title,
        ...numbers(row.barcode, question, row),
      })),
      wanted: scope === ALL_ITEMS ? figures.mostWanted(span, MOST_WANTED) : [],
      page,
      hasNext: ranking.length > ROWS,
    }
  }

  const show = staffOnly((c) => {
    const reading = read(c)
    if (reading.question !== undefined) {
      return answers.page(c, 'stats', statsPage(c, reading, reading.question))
    }
    const empty = { title: '', span: '', query: '', charts: [], rows: [], wanted: [], page: 1 }
    const { typed, faults } = reading
    const known = { presets: presets(dayOf(clock.now()), '', ALL_ITEMS), numbers: undefined }
    const page = { ...typed, ...empty, ...known, faults, hasNext: false }
    return answers.page(c, 'stats', page, 400)
  })

  route('/stats', { GET: show })
  route('/status', { GET: show })

  route('/stats/:file{[a-z-]+\\.svg}', {
    GET: staffOnly((c) => {
      const name = (c.req.param('file') ?? '').slice(0, -'.svg'.length)
      const width = WIDTHS.get(c.req.query('width') ?? 'wide')
      const { question } = read(c)
      if (!isChart(name) || width === undefined || question === undefined) {
        return answers.refuse(c, { kind: 'not-found' })
      }
      return c.body(barChart(charts[name](question), width), 200, {
        'Content-Type': 'image/svg+xml',
        'Content-Security-Policy': policy,
        'Cache-Control': 'no-store',
      })
    }),
  })

  const isChart = (name: string): name is ChartName => Object.hasOwn(charts, name)
}

/** Links to the periods that are asked for most. */
function presets(today: Day, current: string, scope: Scope): StatsPage['presets'] {
  const [, month = '', year = ''] = periodsOf(today)
  const [, lastMonth = ''] = periodsOf(dayBefore(daysOf(month).from))
  const [, , lastYear = ''] = periodsOf(dayBefore(daysOf(year).from))
  const named: [string, Record<string, string>][] = [
    ['This month', { ...daysOf(month) }],
    ['Last month', { ...daysOf(lastMonth) }],
    ['This year', { ...daysOf(year) }],
    ['Last year', { ...daysOf(lastYear) }],
    ['All time', { period: ALL_TIME }],
  ]
  return named.map(([name, asked]) => {
    const query = new URLSearchParams(asked).toString()
    const ofItem = scope === ALL_ITEMS ? '' : `&barcode=${scope}`
    return { name, query: query + ofItem, isCurrent: query === current }
  })
}

/** The days asked for; this year when nothing is said. */
function typedDays(
  typed: { from: string; to: string },
  today: Day,
  faults: Reading['faults'],
): { from: Day; to: Day } {
  const year = daysOf(today.slice(0, 4))
  const day = (field: 'from' | 'to'): Day => {
    const text = typed[field]
    const parsed = text === '' ? year[field] : parseDay(text)
    if (parsed === undefined) {
      faults.push({ field, fault: 'Enter a day as 2026-03-09, from the year 1900 on.' })
    }
    return parsed ?? today
  }
  const days = { from: day('from'), to: day('to') }
  if (faults.every(({ field }) => field === 'barcode') && days.to < days.from) {
    faults.push({ field: 'to', fault: 'The last day must not be before the first.' })
  }
  return days
}

function inFull(day: Day): string {
  const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' })
  return format.format(Date.parse(day))
}

function minutesInWords(minutes: number): string {
  return minutes < 0.5 ? 'under a minute' : lengthInWords((Math.round(minutes) * MINUTE) / HOUR)
}
