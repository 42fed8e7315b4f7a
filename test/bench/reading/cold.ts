import { join } from 'node:path'
import pMap from 'p-map'
import { connect } from './asking.ts'
import { against, alone } from './cached.ts'
import { allTiles, MOST_COPIES, manifestOf, PAGES, type Tile } from './library.ts'
import type { Loaded } from './load.ts'
import { quantile, type Result } from './results.ts'
import { type Contestant, startAuth, startCarrel, UPSTREAM } from './servers.ts'

const AT_ONCE = 16

/** Of `MOST_COPIES` of each tile, so many warm a server up: its code is compiled, its cache is full. */
const WARMING = 8
/** As it is without a setting. */
const CACHE = 'IIIF_CACHE_MB = 256'

/**
 * Tiles that nobody has asked for yet: Carrel on one core against nginx with `auth_request`, both
 * warmed up by 16,000 other tiles, then 2,000 new ones in each round. Also the first 2,000 of a
 * server that has just been started.
 */
export async function coldTiles(
  folder: string,
  _: string,
  { rounds }: { rounds: number },
): Promise<Result[]> {
  const home = join(folder, 'cold')
  const contestants = [
    await startCarrel(home, {
      ini: CACHE,
      manifests: (item) => manifestOf(UPSTREAM, item, PAGES * MOST_COPIES),
    }),
    await startAuth(home, 0),
  ]
  try {
    const seen: Loaded[][] = contestants.map(() => [])
    for (let copy = 0; copy < WARMING + rounds; copy++) {
      for (const [n, contestant] of contestants.entries()) {
        seen[n]?.push(await once(contestant, tilesOfCopy(copy)))
      }
    }
    const [ours = [], theirs = []] = seen
    const name = 'cold tile, against nginx + auth_request'
    return [
      against(name, ours.slice(WARMING), theirs.slice(WARMING), { atLeast: 0.7 }),
      alone({ name: 'Carrel' }, ours.slice(WARMING), 'cold'),
      alone({ name: 'nginx + auth_request' }, theirs.slice(WARMING), 'cold'),
      against(`${name}, just started`, ours.slice(0, 1), theirs.slice(0, 1), undefined),
    ]
  } finally {
    for (const contestant of contestants) await contestant.stop()
  }
}

function tilesOfCopy(copy: number): Tile[] {
  return allTiles().map((tile) => ({ ...tile, page: tile.page + copy * PAGES }))
}

/** Each of these tiles, once. */
export async function once(contestant: Contestant, tiles: readonly Tile[]): Promise<Loaded> {
  const reader = connect(contestant.address, AT_ONCE)
  const cpuBefore = contestant.cpuUs()
  const began = performance.now()
  const waits = await pMap(
    tiles,
    async (tile) => {
      const { status, bytes, wholeMs } = await reader.tile(contestant, tile)
      if (status !== 200 || bytes < 1000) throw new Error(`${contestant.name}: ${status} ${bytes}`)
      return wholeMs
    },
    { concurrency: AT_ONCE },
  )
  const seconds = (performance.now() - began) / 1000
  const cpuUs = (contestant.cpuUs() - cpuBefore) / tiles.length
  await reader.close()
  return { perSecond: tiles.length / seconds, cpuUs, p99Ms: quantile(waits, 0.99) }
}
