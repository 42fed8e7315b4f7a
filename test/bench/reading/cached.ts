import { statSync } from 'node:fs'
import { join } from 'node:path'
import { imageOf, type Tile } from './library.ts'
import { checkAll, type Loaded, load } from './load.ts'
import { median, type Result, round, spreadOf } from './results.ts'
import { type Contestant, startAuth, startCarrel, startPlain } from './servers.ts'

/** A tile that is kept: Carrel on one core against nginx with no check and with `auth_request`. */
export async function cachedTiles(
  folder: string,
  root: string,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Result[]> {
  const contestants = [
    await startPlain(folder),
    await startAuth(folder, 0),
    await startAuth(folder, 1),
    await startCarrel(folder),
  ]
  try {
    const lengthOf = (tile: Tile) => statSync(join(root, 'iiif', imageOf(tile), tile.target)).size
    const etags: Map<string, string>[] = []
    for (const contestant of contestants) etags.push(await checkAll(contestant, lengthOf))
    const carrel = contestants[3]
    const unchanged = etags[3]
    if (carrel === undefined || unchanged === undefined) throw new Error('Carrel is missing')
    const seen = contestants.map((): Loaded[] => [])
    const seenUnchanged: Loaded[] = []
    for (let round = -1; round < rounds; round++) {
      for (const [n, contestant] of contestants.entries()) {
        const loaded = await load(contestant, folder, { seconds })
        // The first round warms everybody up.
        if (round >= 0) seen[n]?.push(loaded)
      }
      const loaded = await load(carrel, folder, { seconds, etags: unchanged })
      if (round >= 0) seenUnchanged.push(loaded)
    }
    const [plain = [], auth = [], kept = [], ours = []] = seen
    return [
      against('cached tile, against nginx without a check', ours, plain, { atLeast: 0.6 }),
      against('cached tile, against nginx + auth_request', ours, auth, { atLeast: 1.2 }),
      against('cached tile, against the same kept for 1 s', ours, kept, undefined),
      unchangedAgainst(seenUnchanged, ours),
      ...contestants.map((contestant, n) => alone(contestant, seen[n] ?? [])),
    ]
  } finally {
    for (const contestant of contestants) await contestant.stop()
  }
}

/** Ratios are taken round by round: what slowed the machine down slowed both. */
export function against(
  name: string,
  ours: readonly Loaded[],
  theirs: readonly Loaded[],
  target: Result['target'],
): Result {
  const ratios = ours.map(({ perSecond }, n) => perSecond / (theirs[n]?.perSecond ?? Number.NaN))
  return {
    name,
    measured: inWords(ours),
    reference: inWords(theirs),
    figure: median(ratios),
    target,
    spread: spreadOf(ratios),
  }
}

function unchangedAgainst(unchanged: readonly Loaded[], ours: readonly Loaded[]): Result {
  const ratios = unchanged.map(({ cpuUs }, n) => cpuUs / (ours[n]?.cpuUs ?? Number.NaN))
  return {
    name: '304 instead of a cached tile, processor time',
    measured: inWords(unchanged),
    reference: inWords(ours),
    figure: median(ratios),
    target: { atMost: 0.75 },
    spread: spreadOf(ratios),
  }
}

export function alone(
  { name }: Pick<Contestant, 'name'>,
  loaded: readonly Loaded[],
  how: 'cached' | 'cold' = 'cached',
): Result {
  const p99 = median(loaded.map(({ p99Ms }) => p99Ms))
  const cpu = loaded.map(({ cpuUs }) => cpuUs)
  return {
    name: `${name}: microseconds of processor time for a ${how} tile`,
    measured: `${inWords(loaded)}, p99 ${round(p99)} ms`,
    reference: '',
    figure: median(cpu),
    target: undefined,
    spread: spreadOf(cpu),
  }
}

function inWords(loaded: readonly Loaded[]): string {
  return `${Math.round(median(loaded.map(({ perSecond }) => perSecond)))}/s`
}
