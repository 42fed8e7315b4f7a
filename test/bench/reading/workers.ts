import { once } from 'node:events'
import { statSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { allTiles, imageOf, type Tile } from './library.ts'
import { checkAll, type Loaded, load } from './load.ts'
import { median, type Result, spreadOf } from './results.ts'
import { type Contestant, readerOf, startCarrel } from './servers.ts'

const CONNECTIONS = 64

/** One process on a core against two workers on both, which they share with the load. */
export async function manyCores(
  folder: string,
  root: string,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Result[]> {
  const contestants = [
    await startCarrel(folder, { cores: '0,1', port: 7010 }),
    await startCarrel(folder, { cores: '0,1', port: 7011, ini: 'WORKERS = 2' }),
  ]
  try {
    const lengthOf = (tile: Tile) => statSync(join(root, 'iiif', imageOf(tile), tile.target)).size
    const seen = contestants.map((): Loaded[] => [])
    for (const contestant of contestants) {
      await checkAll(contestant, lengthOf)
      await fillEach(contestant)
    }
    for (let round = -1; round < rounds; round++) {
      for (const [n, contestant] of contestants.entries()) {
        const loaded = await load(contestant, folder, { seconds, connections: CONNECTIONS })
        // The first round warms everybody up.
        if (round >= 0) seen[n]?.push(loaded)
      }
    }
    const [one = [], two = []] = seen
    return [
      comparison('two workers, processor time for a cached tile', one, two, 'cpuUs', {
        atMost: 1.15,
      }),
      comparison(
        'two workers, throughput; the load takes its part of the cores',
        one,
        two,
        'perSecond',
        undefined,
      ),
    ]
  } finally {
    for (const contestant of contestants) await contestant.stop()
  }
}

/** Each worker keeps images of its own, and connections come to them in turn. */
async function fillEach({ address, header, tilePath }: Contestant): Promise<void> {
  for (const { item, page, target } of allTiles()) {
    for (let worker = 0; worker < 2; worker++) {
      const url = address + tilePath(item, page) + target
      const asked = get(url, { agent: false, headers: { [header]: readerOf(item) } })
      const [answer] = (await once(asked, 'response')) as [IncomingMessage]
      await once(answer.resume(), 'end')
    }
  }
}

const UNITS = { cpuUs: ' us', perSecond: '/s' } as const

/** Ratios are taken round by round: what slowed the machine down slowed both. */
function comparison(
  name: string,
  one: readonly Loaded[],
  two: readonly Loaded[],
  figure: keyof typeof UNITS,
  target: Result['target'],
): Result {
  const inWords = (all: readonly Loaded[]) =>
    `${Math.round(median(all.map((loaded) => loaded[figure])))}${UNITS[figure]}`
  const ratios = two.map((loaded, n) => loaded[figure] / (one[n]?.[figure] ?? Number.NaN))
  return {
    name,
    measured: inWords(two),
    reference: inWords(one),
    figure: median(ratios),
    target,
    spread: spreadOf(ratios),
  }
}
