import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Pool } from 'undici'
import { settingsOrExit } from '../../src/command.ts'
import { convertScans } from '../../src/scans/convert.ts'
import { freePort } from '../support/free-port.ts'
import { barcode, library } from '../support/lending.ts'
import { memoryOf } from '../support/memory.ts'
import { NPM_START } from '../support/npm-start.ts'
import { paintScans } from '../support/paint.ts'

const PAGES = 8
const TILES = [0, 512].flatMap((x) => [0, 512].map((y) => `${x},${y},256,256/256,256`))
/** A reader looks at a page for so long. */
const LOOKS_MS = 4_000
const SAMPLE_MS = 5_000

/**
 * Many readers of one server, each with a loan of its own, turn pages. Measured: how long a tile
 * that is in the cache takes, as a reader sees it, and the memory of the server.
 *
 * @returns the exit code: 0 when there was no error and the memory stayed flat after the start
 */
export async function readers({
  count,
  minutes,
}: {
  count: number
  minutes: number
}): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'carrel-soak-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const file = join(folder, 'settings.ini')
  writeFileSync(file, `[carrel]\nBASE_URL = ${url}\nPORT = ${port}\n`)
  await prepare(file)
  const server = spawn('env', [...NPM_START, '--settings', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const exit = once(server, 'exit')
  const pool = new Pool(url, { connections: 50 })
  const run = { errors: new Map<string, number>(), times: [] as number[], over: false }
  const get = async (who: string, path: string) => {
    const began = performance.now()
    const { statusCode, body } = await pool.request({
      method: 'GET',
      path,
      headers: { REMOTE_USER: who },
    })
    await body.dump()
    if (statusCode !== 200) throw new Error(`${statusCode}`)
    return performance.now() - began
  }
  try {
    await untilItAnswers(pool)
    const names = Array.from({ length: count }, (_, n) => `reader-${n}`)
    for (const who of names) await borrow(pool, url, who)
    for (const path of allTiles()) await get(names[0] ?? '', path)
    const memory: number[] = []
    const read = names.map((who, n) => reader(run, n, (path) => get(who, path)))
    const end = performance.now() + minutes * 60_000
    while (performance.now() < end) {
      await pause(SAMPLE_MS)
      memory.push(megabytes(memoryOf([server.pid ?? 0])))
    }
    run.over = true
    await Promise.all(read)
    return tell(run, memory)
  } finally {
    await pool.close()
    server.kill('SIGTERM')
    await exit
    rmSync(folder, { recursive: true, force: true })
  }
}

async function prepare(settingsFile: string): Promise<void> {
  const settings = settingsOrExit(settingsFile)
  const { db, addItem } = library(settings.databaseFile)
  const item = addItem('A', { copies: 999, hours: '24' })
  db.$client.close()
  await paintScans(settings.scansDir, barcode('A'), PAGES)
  const made = await convertScans(item, { ...settings, presentation: 3, clock: Date })
  if (made.kind !== 'converted') throw new Error(JSON.stringify(made))
}

const tilesOf = (page: number) => TILES.map((tile) => `/iiif/A/${page}/${tile}/0/default.jpg`)
const allTiles = () => Array.from({ length: PAGES }, (_, n) => tilesOf(n + 1)).flat()

/** Turns to the next page, wants its tiles all at once as a viewer does, and reads for a while. */
async function reader(
  run: { errors: Map<string, number>; times: number[]; readonly over: boolean },
  n: number,
  get: (path: string) => Promise<number>,
): Promise<void> {
  await pause((n * LOOKS_MS) / 50)
  for (let page = n; !run.over; page++) {
    await Promise.all(
      tilesOf((page % PAGES) + 1).map((path) =>
        get(path).then(
          (ms) => run.times.push(ms),
          ({ message }) => run.errors.set(message, (run.errors.get(message) ?? 0) + 1),
        ),
      ),
    )
    await pause(LOOKS_MS * (0.5 + Math.random()))
  }
}

function tell(
  { errors, times }: { errors: ReadonlyMap<string, number>; times: readonly number[] },
  memory: readonly number[],
): number {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1)
  console.log(`tiles: ${times.length}; 50 %: ${at(0.5)} ms, 99 %: ${at(0.99)} ms`)
  // After the first minute, or the first half of a run that is shorter than two.
  const later = memory.slice(Math.min(60_000 / SAMPLE_MS, Math.floor(memory.length / 2)))
  const third = Math.max(1, Math.floor(later.length / 3))
  const [first, last] = [median(later.slice(0, third)), median(later.slice(-third))]
  console.log(`memory after the first minute: ${first} MB, at the end: ${last} MB`)
  for (const [what, often] of errors) console.log(`error ${what}: ${often} times`)
  const isFlat = last <= first * 1.1 + 10
  if (!isFlat) console.log('the memory grows')
  return errors.size === 0 && isFlat && times.length > 0 ? 0 : 1
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

async function borrow(pool: Pool, origin: string, who: string): Promise<void> {
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: '/loan',
    body: 'barcode=A',
    headers: { REMOTE_USER: who, origin, 'content-type': 'application/x-www-form-urlencoded' },
  })
  await body.dump()
  if (statusCode !== 303) throw new Error(`${who} could not borrow: ${statusCode}`)
}

async function untilItAnswers(pool: Pool): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const answer = await pool.request({ method: 'GET', path: '/about' }).catch(() => undefined)
    await answer?.body.dump()
    if (answer !== undefined) return
    await pause(100)
  }
  throw new Error('the server does not answer')
}

const megabytes = (bytes: number) => Math.round(bytes / 1024 / 1024)
