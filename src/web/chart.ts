import { createHash } from 'node:crypto'
import { scaleBand, scaleLinear } from 'd3-scale'

/** Numbers as a picture and as a table: the same in both. */
export interface Chart {
  readonly title: string
  /** What each bar stands for: "Day", "Length". */
  readonly of: string
  readonly labels: readonly string[]
  /** Stacked on one another, the first at the bottom. */
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[]
}

/** Colours that hold against light and dark pages: a picture does not see the page's own. */
const STYLE = `text{font:13px system-ui,sans-serif;fill:#373c44}
.title{font-weight:600}.line{stroke:#c8ccd4}
.s0{fill:#1d4f7a}.s1{fill:#c2631c}.s2{fill:#6b7280}
@media(prefers-color-scheme:dark){text{fill:#d5d9e0}.line{stroke:#4a505b}
.s0{fill:#8ec5f2}.s1{fill:#f0a35e}.s2{fill:#a8afba}}`

const HEIGHT = 240
const MARGIN = { top: 46, right: 8, bottom: 26, left: 44 }
const LETTER_WIDTH = 7.2

/** What the picture itself may load: its one style element, named by its hash. */
export function chartPolicy(): string {
  const hash = createHash('sha256').update(STYLE).digest('base64')
  return `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'`
}

/**
 * A bar chart as an SVG file with a title and a description inside.
 *
 * @param width 720 for a desktop, 340 for a phone: letters are the same size on both
 */
export function barChart(chart: Chart, width: number): string {
  const { title, labels, series } = chart
  const sums = labels.map((_, n) => series.reduce((sum, { values }) => sum + (values[n] ?? 0), 0))
  const x = scaleBand<number>(
    labels.map((_, n) => n),
    [MARGIN.left, width - MARGIN.right],
  ).paddingInner(0.25)
  const y = scaleLinear([0, Math.max(4, ...sums)], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice(4)
  const ticks = y.ticks(4).filter(Number.isInteger)
  const lines = ticks.map(
    (tick) =>
      `<path class="line" d="M${MARGIN.left} ${y(tick)}H${width - MARGIN.right}"/>` +
      `<text x="${MARGIN.left - 6}" y="${y(tick) + 4}" text-anchor="end">${short(tick)}</text>`,
  )
  const bars = labels.flatMap((_, n) => {
    let below = 0
    return series.map(({ values }, s) => {
      const value = values[n] ?? 0
      const top = y(below + value)
      const height = y(below) - top
      below += value
      if (value === 0) return ''
      return `<rect class="s${s}" x="${round(x(n) ?? 0)}" y="${round(top)}" width="${round(x.bandwidth())}" height="${round(Math.max(1, height - (s > 0 ? 1 : 0)))}"/>`
    })
  })
  const widest = 10 + LETTER_WIDTH * Math.max(0, ...labels.map(({ length }) => length))
  const every = Math.ceil((labels.length * widest) / (width - MARGIN.left - MARGIN.right))
  const names = labels.map((label, n) =>
    n % every === 0
      ? `<text x="${round((x(n) ?? 0) + x.bandwidth() / 2)}" y="${HEIGHT - 8}" text-anchor="middle">${escaped(label)}</text>`
      : '',
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" width="${width}" height="${HEIGHT}" role="img" aria-labelledby="t d">`,
    `<title id="t">${escaped(title)}</title><desc id="d">${escaped(inWords(chart))}</desc>`,
    `<style>${STYLE}</style>`,
    `<text class="title" x="0" y="15">${escaped(title)}</text>`,
    ...legend(chart),
    ...lines,
    ...bars,
    ...names,
    '</svg>',
  ].join('')
}

/** The chart in a sentence: how many in all, and where the most are. */
export function inWords({ title, labels, series }: Chart): string {
  const sums = labels.map((_, n) => series.reduce((sum, { values }) => sum + (values[n] ?? 0), 0))
  const total = sums.reduce((sum, value) => sum + value, 0)
  if (total === 0) return `${title}: none.`
  const most = Math.max(...sums)
  return `${title}: ${total} in all, the most (${most}) at ${labels[sums.indexOf(most)]}.`
}

function legend({ series }: Chart): string[] {
  if (series.length < 2) return []
  let left = 0
  return series.map(({ name }, s) => {
    const x = left
    left += 26 + name.length * LETTER_WIDTH
    return `<rect class="s${s}" x="${round(x)}" y="24" width="11" height="11"/><text x="${round(x + 16)}" y="34">${escaped(name)}</text>`
  })
}

const round = (value: number) => Math.round(value * 10) / 10

const short = (value: number) =>
  value < 10_000
    ? String(value)
    : new Intl.NumberFormat('en-GB', { notation: 'compact' }).format(value)

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
