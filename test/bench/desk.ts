import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { openDbOrExit, settingsOrExit } from '../../src/command.ts'
import { parsePatronId } from '../../src/ids.ts'
import { daysIn } from '../../src/loans/periods.ts'
import { totalsIn } from '../../src/loans/totals.ts'
import { peopleIn } from '../../src/people/people.ts'
import { startServer } from '../../src/server.ts'
import { makeHistory } from './history.ts'

/**
 * `npm run bench-desk`: how long the desk's pages take in a small and in a large library. Prints
 * medians of 20 and exits 1 when a page of the large one takes more than 3 times as long as in the
 * small one, or more than 300 ms.
 */
const SIZES = [
  { items: 1_000, loans: 10_000 },
  { items: 100_000, loans: 1_000_000 },
]
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
const RUNS = 20
const MOST_TIMES = 3
const MOST_MS = 300

const ZONE = 'Europe/Zurich'
const [small = [], large = []] = [await measure(SIZES[0]!), await measure(SIZES[1]!)]

let isSlow = false
for (const [n, path] of PAGES.entries()) {
  const [before = 0, after = 0] = [small[n], large[n]]
  const slow = after > MOST_TIMES * before || after > MOST_MS
  isSlow ||= slow
  const times = (after / before).toFixed(1)
  console.log(
    `${path.padEnd(28)}${before.toFixed(1).padStart(8)} ms${after.toFixed(1).padStart(8)} ms  x ${times}${slow ? '  too slow' : ''}`,
  )
}
process.exit(isSlow ? 1 : 0)

/** @returns the median time of each page in milliseconds */
async function measure(size: { items: number; loans: number }): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'carrel-bench-'))
  try {
    const file = join(folder, 'settings.ini')
    writeFileSync(file, `[carrel]\nBASE_URL = http://127.0.0.1\nPORT = 0\nTIME_ZONE = ${ZONE}\n`)
    const settings = settingsOrExit(file)
    const db = openDbOrExit(settings)
    peopleIn(db).addStaff(parsePatronId('lee', 'fold')!)
    const began = performance.now()
    makeHistory(db, Date.now(), size)
    const made = performance.now()
    const totals = totalsIn(db, daysIn(ZONE))
    while (totals.addEnded(500) === 500);
    const seconds = [made - began, performance.now() - made].map((ms) => (ms / 1000).toFixed(1))
    console.log(
      `${size.items} items, ${size.loans} past loans: made in ${seconds[0]} s, totalled in ${seconds[1]} s`,
    )
    const log = pino({ level: 'silent' })
    const monotonic = () => performance.now()
    const server = await startServer({ settings, db, clock: Date, log, monotonic })
    const medians: number[] = []
    for (const path of PAGES) medians.push(await median(`${server.address}${path}`))
    await server.stop()
    return medians
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function median(url: string): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < RUNS + 3; run++) {
    const began = performance.now()
    const answer = await fetch(url, { headers: { REMOTE_USER: 'lee' } })
    await answer.arrayBuffer()
    if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}`)
    times.push(performance.now() - began)
  }
  const counted = times.slice(3).sort((a, b) => a - b)
  return counted[RUNS / 2] ?? Number.NaN
}
