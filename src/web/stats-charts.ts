import type { EpochMs } from '../clock.ts'
import type { LengthCount } from '../loans/figures.ts'
import { type Period, type Span, stepsOf } from '../loans/periods.ts'
import type { Statistics } from '../loans/statistics.ts'
import type { Scope } from '../loans/totals.ts'
import type { Chart } from './chart.ts'

/** What the statistics are asked for. */
export interface Question {
  readonly scope: Scope
  readonly span: Span
}

export type ChartName = 'loans' | 'turn-aways' | 'lengths' | 'requests'

/** The bounds of the bars of lengths, in minutes: up to and including. */
const BOUNDS: readonly { readonly label: string; readonly to: number }[] = [
  { label: '≤ 15 min', to: 15 },
  { label: '≤ 30 min', to: 30 },
  { label: '≤ 1 h', to: 60 },
  { label: '≤ 2 h', to: 120 },
  { label: '≤ 4 h', to: 240 },
  { label: '≤ 8 h', to: 480 },
  { label: '≤ 1 day', to: 1440 },
  { label: '≤ 1 week', to: 10_080 },
  { label: 'longer', to: Number.POSITIVE_INFINITY },
]

/** @param clockTime an instant as hours and minutes in the library's zone */
export function chartsOf(
  { figures, pageRequests }: Pick<Statistics, 'figures' | 'pageRequests'>,
  clockTime: (at: EpochMs) => string,
) {
  const byStep = ({ scope, span }: Question) =>
    stepsOf(span).map((step) => ({ label: step.label, sums: figures.sum(scope, step.span) }))

  const charts: Readonly<Record<ChartName, (question: Question) => Chart>> = {
    loans(question) {
      const steps = byStep(question)
      const values = (key: 'endedByReader' | 'endedByTime' | 'endedByStaff') =>
        steps.map(({ sums }) => sums[key])
      return {
        title: 'Loans, by how they ended',
        of: 'When',
        labels: steps.map(({ label }) => nameOf(label)),
        series: [
          { name: 'Returned early', values: values('endedByReader') },
          { name: 'By time', values: values('endedByTime') },
          { name: 'By staff', values: values('endedByStaff') },
        ],
      }
    },

    'turn-aways'(question) {
      const steps = byStep(question)
      return {
        title: 'Turn-aways',
        of: 'When',
        labels: steps.map(({ label }) => nameOf(label)),
        series: [{ name: 'Turn-aways', values: steps.map(({ sums }) => sums.turnAways) }],
      }
    },

    lengths({ scope, span }) {
      return {
        title: 'How long loans lasted',
        of: 'Length',
        labels: BOUNDS.map(({ label }) => label),
        series: [{ name: 'Loans', values: inBounds(figures.lengths(scope, span)) }],
      }
    },

    requests({ scope }) {
      const quarters = pageRequests.lastHour(scope)
      return {
        title: 'Page requests in the last hour',
        of: 'Quarter from',
        labels: quarters.map(({ from }) => clockTime(from)),
        series: [{ name: 'Page requests', values: quarters.map(({ requests }) => requests) }],
      }
    },
  }
  return charts
}

function inBounds(counts: readonly LengthCount[]): number[] {
  const values = BOUNDS.map(() => 0)
  for (const { minutes, loans } of counts) {
    const n = BOUNDS.findIndex(({ to }) => minutes <= to)
    values[n] = (values[n] ?? 0) + loans
  }
  return values
}

/** "9 Mar", "Mar 2026", "2026". */
function nameOf(period: Period): string {
  if (period.length === 4) return period
  const options: Intl.DateTimeFormatOptions =
    period.length === 7 ? { month: 'short', year: 'numeric' } : { day: 'numeric', month: 'short' }
  return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' }).format(
    Date.parse(period),
  )
}
