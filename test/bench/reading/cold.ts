import pMap from 'p-map'
import { connect } from './asking.ts'
import { against, alone } from './cached.ts'
import { allTiles, type Tile } from './library.ts'
import type { Loaded } from './load.ts'
import { quantile, type Result } from './results.ts'
import { type Contestant, startAuth, startCarrel } from './servers.ts'

const AT_ONCE = 16

/**
 * Tiles that nobody has asked for yet: Carrel on one core against nginx with `auth_request`, both
 * warmed up by the tiles of two items, then each tile of the other two once. Both are started anew
 * for each round, so that every tile is cold again.
 */
export async function coldTiles(
  folder: string,
  _: string,
  { rounds }: { rounds: number },
): Promise<Result[]> {
  const tiles = allTiles()
  const warming = tiles.slice(0, tiles.length / 2)
  const cold = tiles.slice(tiles.length / 2)
  const ours: Loaded[] = []
  const theirs: Loaded[] = []
  for (let round = 0; round < rounds; round++) {
    const starts = [
      { start: () => startCarrel(`${folder}/${round}`), seen: ours },
      { start: () => startAuth(`${folder}/${round}`, 0), seen: theirs },
    ]
    for (const { start, seen } of starts) {
      const contestant = await start()
      try {
        await once(contestant, warming)
        seen.push(await once(contestant, cold))
      } finally {
        await contestant.stop()
      }
    }
  }
  return [
    against('cold tile, against nginx + auth_request', ours, theirs, { atLeast: 0.7 }),
    alone({ name: 'Carrel' }, ours, 'cold'),
    alone({ name: 'nginx + auth_request' }, theirs, 'cold'),
  ]
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
