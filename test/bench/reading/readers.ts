import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { connect } from './asking.ts'
import { allTiles, ITEMS, imageOf, PAGES, type Tile } from './library.ts'
import { quantile, type Result, round } from './results.ts'
import { type Contestant, readerOf, startAuth, startCarrel } from './servers.ts'

const READERS_OF_ITEM = 50
/** As many connections as a browser opens to one host. */
const CONNECTIONS = 6

interface Read {
  /** Milliseconds from the turn of a page until its info.json and all its tiles were there. */
  readonly turns: readonly number[]
  readonly errors: number
}

/** 200 readers who turn a page every second, all tiles kept already; and every two seconds, cold. */
export async function readers(
  folder: string,
  _: string,
  { seconds }: { rounds: number; seconds: number },
): Promise<Result[]> {
  const results: Result[] = []
  for (const [name, everyMs, isWarm] of [
    ['warm, a page a second', 1_000, true],
    ['cold, a page every two seconds', 2_000, false],
  ] as const) {
    const seen: Read[] = []
    const home = join(folder, isWarm ? 'warm' : 'cold')
    for (const start of [
      () => startCarrel(home, { readers: READERS_OF_ITEM }),
      () => startAuth(home, 0, READERS_OF_ITEM),
    ]) {
      const contestant = await start()
      try {
        if (isWarm) await readAll(contestant)
        seen.push(await readTogether(contestant, everyMs, seconds * 4_000))
      } finally {
        await contestant.stop()
      }
    }
    const [ours, theirs] = seen
    if (ours === undefined || theirs === undefined) throw new Error('nobody read')
    results.push(...compared(name, ours, theirs, isWarm))
  }
  return results
}

function compared(name: string, ours: Read, theirs: Read, isWarm: boolean): Result[] {
  const inWords = ({ turns }: Read) =>
    `${round(quantile(turns, 0.5))} / ${round(quantile(turns, 0.95))} / ${round(quantile(turns, 0.99))} ms`
  const p95 = quantile(ours.turns, 0.95)
  const line = (what: string, figure: number, target: Result['target']): Result => ({
    name: `200 readers, ${name}: ${what}`,
    measured: inWords(ours),
    reference: inWords(theirs),
    figure,
    target,
    spread: 0,
  })
  return [
    line('errors', ours.errors, { atMost: 0 }),
    ...(isWarm ? [line('95 % of page turns, ms', p95, { atMost: 40 })] : []),
    line('95 %, against nginx + auth_request', p95 / quantile(theirs.turns, 0.95), { atMost: 1 }),
  ]
}

const tilesOf = Map.groupBy(allTiles(), imageOf)

async function readAll(contestant: Contestant): Promise<void> {
  const reader = connect(contestant.address, CONNECTIONS)
  for (const item of ITEMS) {
    for (let page = 1; page <= PAGES; page++) await turn(contestant, reader, item, page, 0)
  }
  await reader.close()
}

async function readTogether(
  contestant: Contestant,
  everyMs: number,
  lengthMs: number,
): Promise<Read> {
  const turns: number[] = []
  let errors = 0
  const until = performance.now() + lengthMs
  await Promise.all(
    ITEMS.flatMap((item) =>
      Array.from({ length: READERS_OF_ITEM }, async (_, n) => {
        const reader = connect(contestant.address, CONNECTIONS)
        // They do not turn their pages all at once.
        await wait((everyMs * n) / READERS_OF_ITEM)
        for (let page = 1 + (n % PAGES); performance.now() < until; page = 1 + (page % PAGES)) {
          const began = performance.now()
          errors += await turn(contestant, reader, item, page, n)
          turns.push(performance.now() - began)
          await wait(Math.max(0, everyMs - (performance.now() - began)))
        }
        await reader.close()
      }),
    ),
  )
  return { turns, errors }
}

/** @returns how many of its answers were not as they must be */
async function turn(
  contestant: Contestant,
  reader: ReturnType<typeof connect>,
  item: string,
  page: number,
  n: number,
): Promise<number> {
  const headers = { [contestant.header]: readerOf(item, n) }
  const path = contestant.tilePath(item, page)
  const tiles: readonly Tile[] = tilesOf.get(imageOf({ item, page })) ?? []
  const asked = await Promise.all(
    ['info.json', ...tiles.map(({ target }) => target)].map((target) =>
      reader.ask(path + target, headers).catch(() => ({ status: 0, bytes: 0 })),
    ),
  )
  return asked.filter(({ status, bytes }) => status !== 200 || bytes === 0).length
}
