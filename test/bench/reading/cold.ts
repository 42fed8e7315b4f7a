import pMap from 'p-map'
import { connect } from './asking.ts'
import { allTiles, type Tile } from './library.ts'
import { median, type Result, spreadOf } from './results.ts'
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
  const seen: number[][] = [[], []]
  for (let round = 0; round < rounds; round++) {
    const starts = [
      () => startCarrel(`${folder}/${round}`),
      () => startAuth(`${folder}/${round}`, 0),
    ]
    for (const [n, start] of starts.entries()) {
      const contestant = await start()
      try {
        await once(contestant, warming)
        seen[n]?.push(await once(contestant, cold))
      } finally {
        await contestant.stop()
      }
    }
  }
  const [ours = [], theirs = []] = seen
  const ratios = ours.map((rate, n) => rate / (theirs[n] ?? Number.NaN))
  return [
    {
      name: 'cold tile, against nginx + auth_request',
      measured: `${Math.round(median(ours))}/s`,
      reference: `${Math.round(median(theirs))}/s`,
      figure: median(ratios),
      target: { atLeast: 0.7 },
      spread: spreadOf(ratios),
    },
  ]
}

/** @returns tiles a second */
export async function once(contestant: Contestant, tiles: readonly Tile[]): Promise<number> {
  const reader = connect(contestant.address, AT_ONCE)
  const began = performance.now()
  await pMap(
    tiles,
    async (tile) => {
      const { status, bytes } = await reader.tile(contestant, tile)
      if (status !== 200 || bytes < 1000) throw new Error(`${contestant.name}: ${status} ${bytes}`)
    },
    { concurrency: AT_ONCE },
  )
  const seconds = (performance.now() - began) / 1000
  await reader.close()
  return tiles.length / seconds
}
