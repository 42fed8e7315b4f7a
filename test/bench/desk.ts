import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { openDbOrExit, settingsOrExit } from '../../src/command.ts'
import { parsePatronId } from '../../src/ids.ts'
import { daysIn } from '../../src/loans/periods.ts'
import { totalsIn } from '../../src/loans/totals.ts'
import { peopleIn } from '../../src/people/people.ts'
import { type RunningServer, startServer } from '../../src/server.ts'
import { makeHistory } from './history.ts'
import { isMissed, median, printed, type Result, round, spreadOf } from './reading/results.ts'

/** The staff's pages, in a small and in a large library: `npm run bench-desk`, or the bench's `desk`. */
const PAGES = [
  '/list',
  // One item in eight, which fills a page in either library; and one item.
  '/list?q=harbours',
  '/list?q=35047000000500',
  '/loans',
  '/stats',
  '/stats?period=all',
  '/stats?page=4',
]
const SMALL = 1_000
const LOANS_OF_AN_ITEM = 10
const RUNS = 20
const MOST_TIMES = 3
const MOST_MS = 300
const ZONE = 'Europe/Zurich'

/**
 * How long each page takes through HTTP, in turns of 20 requests each, whose medians are compared.
 *
 * @param size of the large library in items; the small one has 1,000
 */
export async function deskPages(
  folder: string,
  _: string,
  { rounds, items }: { rounds: number; items: number },
): Promise<Result[]> {
  const small = await library(join(folder, 'desk-small'), SMALL)
  const large = await library(join(folder, 'desk-large'), items)
  try {
    const pages: Page[] = []
    for (const path of PAGES) {
      const page: Page = { path, small: [], large: [] }
      for (let n = -1; n < rounds; n++) {
        const [few, many] = [await msOf(small, path), await msOf(large, path)]
        // The first round warms both up.
        if (n < 0) continue
        page.small.push(few)
        page.large.push(many)
      }
      pages.push(page)
    }
    const sizes = [items, SMALL].map((count) => count.toLocaleString('en')).join(' items against ')
    return [...pages.map((page) => compared(page, sizes)), slowest(pages)]
  } finally {
    await small.stop()
    await large.stop()
  }
}

/** The medians of each round, in milliseconds. */
interface Page {
  readonly path: string
  readonly small: number[]
  readonly large: number[]
}

function compared({ path, small, large }: Page, sizes: string): Result {
  const ratios = large.map((ms, n) => ms / (small[n] ?? Number.NaN))
  return {
    name: `${path}, ${sizes}`,
    measured: `${round(median(large))} ms`,
    reference: `${round(median(small))} ms`,
    figure: median(ratios),
    target: { atMost: MOST_TIMES },
    spread: spreadOf(ratios),
  }
}

function slowest(pages: readonly Page[]): Result {
  const [page] = pages.toSorted((a, b) => median(b.large) - median(a.large))
  const { path = '', large = [] } = page ?? {}
  return {
    name: 'the slowest of these pages in the large library, ms',
    measured: path,
    reference: '',
    figure: median(large),
    target: { atMost: MOST_MS },
    spread: spreadOf(large),
  }
}

/** A server for a library with three years of past loans, which the statistics know already. */
async function library(folder: string, items: number): Promise<RunningServer> {
  mkdirSync(folder)
  const file = join(folder, 'settings.ini')
  writeFileSync(file, `[carrel]\nBASE_URL = http://127.0.0.1\nPORT = 0\nTIME_ZONE = ${ZONE}\n`)
  const settings = settingsOrExit(file)
  const db = openDbOrExit(settings)
  peopleIn(db).addStaff(parsePatronId('lee', 'fold')!)
  makeHistory(db, Date.now(), { items, loans: LOANS_OF_AN_ITEM * items })
  const totals = totalsIn(db, daysIn(ZONE))
  // Larger steps than the sweep's, which lets readers between.
  while (totals.addEnded(10_000) > 0);
  const log = pino({ level: 'silent' })
  return startServer({ settings, db, clock: Date, log, monotonic: () => performance.now() })
}

/** @returns the median of some requests, in milliseconds */
async function msOf({ address }: RunningServer, path: string): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const began = performance.now()
    const answer = await fetch(`${address}${path}`, { headers: { REMOTE_USER: 'lee' } })
    await answer.arrayBuffer()
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`)
    times.push(performance.now() - began)
  }
  return median(times)
}

if (process.argv[1] === import.meta.filename) {
  const folder = mkdtempSync(join(tmpdir(), 'carrel-bench-'))
  try {
    const results = await deskPages(folder, '', { rounds: 5, items: 100_000 })
    console.log(printed(results))
    process.exitCode = results.some((result) => isMissed(result)) ? 1 : 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
