import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Crowd, crowdOf, type Habit, READERS_OF_ITEM, type Read } from './crowd.ts'
import { ITEMS, manifestOf } from './library.ts'
import { median, quantile, type Result, round, spreadOf } from './results.ts'
import { type Contestant, startAuth, startCarrel, UPSTREAM } from './servers.ts'

/** As long as a book: only the first pages of it are read. */
const CANVASES = 300
const WARM_TURN_MS = 1_000
const COLD_TURN_MS = 2_000
const manifest = (item: string) => manifestOf(UPSTREAM, item, CANVASES)

type Started = { readonly contestant: Contestant; readonly crowd: Crowd }
/** Carrel's and nginx's, of the same round. */
type Pair = readonly [ours: Read, theirs: Read]

/**
 * 200 readers who turn a page every second, all tiles kept already; and every two seconds, opening
 * the item first, no tile kept.
 */
export async function readers(
  folder: string,
  root: string,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Result[]> {
  mkdirSync(join(root, 'manifests'), { recursive: true })
  for (const item of ITEMS) {
    writeFileSync(join(root, 'manifests', item), JSON.stringify(manifest(item)))
  }
  const forMs = seconds * 2_000
  // Two turns of each reader at least.
  const coldMs = Math.max(2 * COLD_TURN_MS, forMs)
  const cold = (isWarmedUp: boolean) =>
    coldRounds(join(folder, isWarmedUp ? 'warmed-up' : 'fresh'), root, isWarmedUp, rounds, coldMs)
  const warm = await warmRounds(join(folder, 'warm'), root, rounds, forMs)
  const warmedUp = await cold(true)
  const fresh = await cold(false)
  const name = '200 readers, warm, a page a second'
  const coldName = '200 readers, cold, with the manifest, a page every two seconds'
  return [
    errors(name, warm),
    inTime(`${name}: 95 %, ms`, warm, { atMost: 40 }),
    against(`${name}: 95 %, against nginx + auth_request`, warm, 'turns', { atMost: 1 }),
    ownLoad(name, warm),
    errors(coldName, warmedUp),
    against(`${coldName}: 95 %, against nginx + auth_request`, warmedUp, 'turns', { atMost: 1 }),
    against('the same without the first turns', warmedUp, 'laterTurns', undefined),
    ownLoad(coldName, warmedUp),
    errors(`${coldName}, servers just started`, fresh),
    against('the same, servers just started: 95 %', fresh, 'turns', undefined),
  ]
}

async function warmRounds(
  home: string,
  root: string,
  rounds: number,
  forMs: number,
): Promise<Pair[]> {
  const [ours, theirs] = [await start.ours(home, root), await start.theirs(home, root)]
  try {
    for (const { crowd } of [ours, theirs]) await crowd.readAll()
    const pairs: Pair[] = []
    // The first round warms everybody up.
    for (let round = 0; round <= rounds; round++) {
      const habit = { everyMs: WARM_TURN_MS, forMs, opens: false, seed: round }
      const pair = [await ours.crowd.read(habit), await theirs.crowd.read(habit)] as const
      if (round > 0) pairs.push(pair)
    }
    return pairs
  } finally {
    for (const started of [ours, theirs]) await stop(started)
  }
}

/** Both are started anew for each round, so that every tile is cold again. */
async function coldRounds(
  home: string,
  root: string,
  isWarmedUp: boolean,
  rounds: number,
  forMs: number,
): Promise<Pair[]> {
  const pairs: Pair[] = []
  for (let round = 0; round < rounds; round++) {
    const habit = { everyMs: COLD_TURN_MS, forMs, opens: true, seed: round }
    const folder = join(home, String(round))
    const ours = await startedAnew(start.ours(folder, root), isWarmedUp, habit)
    const theirs = await startedAnew(start.theirs(folder, root), isWarmedUp, habit)
    pairs.push([ours, theirs])
  }
  return pairs
}

async function startedAnew(
  starting: Promise<Started>,
  isWarmedUp: boolean,
  habit: Habit,
): Promise<Read> {
  const started = await starting
  try {
    // The image server has each tile by two names, of which the second is not what readers ask for.
    if (isWarmedUp) await started.crowd.readAll('color')
    return await started.crowd.read(habit)
  } finally {
    await stop(started)
  }
}

const start = {
  async ours(home: string, root: string): Promise<Started> {
    const contestant = await startCarrel(home, { readers: READERS_OF_ITEM, manifests: manifest })
    return { contestant, crowd: crowdOf(contestant, root) }
  },
  async theirs(home: string, root: string): Promise<Started> {
    const contestant = await startAuth(home, 0, READERS_OF_ITEM)
    return { contestant, crowd: crowdOf(contestant, root) }
  },
}

async function stop({ contestant, crowd }: Started): Promise<void> {
  crowd.close()
  await contestant.stop()
}

type Turns = 'turns' | 'laterTurns'

const p95 = (read: Read, which: Turns) => quantile(read[which], 0.95)

/** Half, 95 % and 99 % of the turns: medians of the rounds. */
function inWords(reads: readonly Read[], which: Turns): string {
  const parts = [0.5, 0.95, 0.99].map((part) =>
    round(median(reads.map((read) => quantile(read[which], part)))),
  )
  return `${parts.join(' / ')} ms`
}

function line(
  name: string,
  pairs: readonly Pair[],
  which: Turns,
  figures: readonly number[],
  target: Result['target'],
): Result {
  return {
    name,
    measured: inWords(
      pairs.map(([ours]) => ours),
      which,
    ),
    reference: inWords(
      pairs.map(([, theirs]) => theirs),
      which,
    ),
    figure: median(figures),
    target,
    spread: spreadOf(figures),
  }
}

function inTime(name: string, pairs: readonly Pair[], target: Result['target']): Result {
  const figures = pairs.map(([ours]) => p95(ours, 'turns'))
  return line(name, pairs, 'turns', figures, target)
}

/** Ratios are taken round by round: what slowed the machine down slowed both. */
function against(
  name: string,
  pairs: readonly Pair[],
  which: Turns,
  target: Result['target'],
): Result {
  const ratios = pairs.map(([ours, theirs]) => p95(ours, which) / p95(theirs, which))
  return line(name, pairs, which, ratios, target)
}

function errors(name: string, pairs: readonly Pair[]): Result {
  const sum = (which: 0 | 1) => pairs.reduce((all, pair) => all + pair[which].errors, 0)
  return {
    name: `${name}: errors`,
    measured: `${sum(0)}`,
    reference: `${sum(1)}`,
    figure: sum(0),
    target: { atMost: 0 },
    spread: 0,
  }
}

/** So that one sees whether the readers' own slowness was measured. */
function ownLoad(name: string, pairs: readonly Pair[]): Result {
  const words = (reads: readonly Read[]) =>
    `busy ${round(median(reads.map(({ ownShare }) => ownShare)))}, longest delay ${round(median(reads.map(({ ownDelayMs }) => ownDelayMs)))} ms`
  const shares = pairs.map(([ours]) => ours.ownShare)
  return {
    name: `${name}: the simulated readers' own core`,
    measured: words(pairs.map(([ours]) => ours)),
    reference: words(pairs.map(([, theirs]) => theirs)),
    figure: median(shares),
    target: undefined,
    spread: spreadOf(shares),
  }
}
