import { once } from './cold.ts'
import { allTiles } from './library.ts'
import type { Loaded } from './load.ts'
import { median, type Result, spreadOf } from './results.ts'
import { startCarrel } from './servers.ts'

const ON_DISK = 'IIIF_DISK_CACHE_MB = 1024'

/**
 * Tiles that are not in memory: found on disk after a restart, against fetched from an image server
 * that has them ready, as no real one does. Also what it costs to put on disk what is fetched. Each
 * Carrel is new, and warmed up by the tiles of two items.
 */
export async function tilesOnDisk(
  folder: string,
  _: string,
  { rounds }: { rounds: number },
): Promise<Result[]> {
  const rows: { fetched: Loaded; put: Loaded; found: Loaded }[] = []
  for (let round = 0; round < rounds; round++) {
    const fetched = await afterStart(`${folder}/without-${round}`, '')
    const put = await afterStart(`${folder}/with-${round}`, ON_DISK)
    rows.push({ fetched, put, found: await afterStart(`${folder}/with-${round}`, ON_DISK) })
  }
  const per = (seen: (row: (typeof rows)[number]) => number) => median(rows.map(seen))
  const us = (value: number) => `${Math.round(value)} µs`
  const result = (
    name: string,
    measured: string,
    reference: string,
    ratio: (row: (typeof rows)[number]) => number,
  ) => ({
    name,
    measured,
    reference,
    figure: per(ratio),
    target: undefined,
    spread: spreadOf(rows.map(ratio)),
  })
  return [
    result(
      'tile on disk after a restart, against fetching it',
      `${Math.round(per(({ found }) => found.perSecond))}/s`,
      `${Math.round(per(({ fetched }) => fetched.perSecond))}/s`,
      ({ found, fetched }) => found.perSecond / fetched.perSecond,
    ),
    result(
      'its processor time',
      us(per(({ found }) => found.cpuUs)),
      us(per(({ fetched }) => fetched.cpuUs)),
      ({ found, fetched }) => found.cpuUs / fetched.cpuUs,
    ),
    result(
      'processor time of a fetched tile, with putting it on disk',
      us(per(({ put }) => put.cpuUs)),
      us(per(({ fetched }) => fetched.cpuUs)),
      ({ put, fetched }) => put.cpuUs / fetched.cpuUs,
    ),
  ]
}

async function afterStart(folder: string, ini: string): Promise<Loaded> {
  const tiles = allTiles()
  const carrel = await startCarrel(folder, { ini })
  try {
    await once(carrel, tiles.slice(0, tiles.length / 2))
    return await once(carrel, tiles.slice(tiles.length / 2))
  } finally {
    await carrel.stop()
  }
}
