import { join } from 'node:path'
import pMap from 'p-map'
import { connect } from './asking.ts'
import { convertedBooks } from './converted-books.ts'
import { ITEMS, type Tile } from './library.ts'
import { startNode } from './node-server.ts'
import { median, type Result, round, spreadOf } from './results.ts'
import { type Contestant, startCarrel } from './servers.ts'

const PAGES = 4
const AT_ONCE = 8
const CARREL_PORT = 7012
const LIBRARY_PORT = 7013

/**
 * Tiles that Carrel cuts out of its own pyramids, each for the first time, against the bare image
 * library behind node:http, which asks nobody and keeps no tile: the same files, the same requests,
 * the same core. The tiles of two items warm up, those of the other two are measured; both are
 * started anew for each round.
 */
export async function embeddedTiles(
  folder: string,
  _: string,
  { rounds }: { rounds: number },
): Promise<Result[]> {
  const library = await convertedBooks(join(folder, 'embedded'), PAGES)
  const isForWarming = ({ item }: Tile) => ITEMS.indexOf(item) < ITEMS.length / 2
  const warming = library.tiles.filter(isForWarming)
  const cold = library.tiles.filter((tile) => !isForWarming(tile))
  const starts = [
    (round: number) =>
      startCarrel(join(folder, `embedded-${round}`), {
        ini: `IMAGES_DIR = ${library.imagesDir}\n`,
        port: CARREL_PORT,
        manifests: library.manifestOf,
      }),
    () => startLibrary(library.files, true),
    () => startLibrary(library.files, false),
  ]
  const seen = starts.map((): Cut[] => [])
  for (let round = 0; round < rounds; round++) {
    for (const [n, start] of starts.entries()) {
      const contestant = await start(round)
      try {
        await cut(contestant, warming)
        seen[n]?.push(await cut(contestant, cold))
      } finally {
        await contestant.stop()
      }
    }
  }
  const [ours = [], sizesKnown = [], bare = []] = seen
  return [
    against('embedded tile, against the image library, sizes kept', ours, sizesKnown, 0.9),
    against('embedded tile, against the image library as its page has it', ours, bare, undefined),
    processorTime(ours, sizesKnown),
  ]
}

/**
 * iiif-processor as its own page shows it, with a stream for each request.
 *
 * @param keepsSizes it finds out the sizes of an image's levels once, not for each tile
 */
function startLibrary(
  files: ReadonlyMap<string, string>,
  keepsSizes: boolean,
): Promise<Contestant> {
  const code = `
    const { Processor } = require('iiif-processor')
    const files = new Map(${JSON.stringify([...files])})
    const stream = async ({ id }) => require('node:fs').createReadStream(files.get(id))
    const sizes = new Map()
    const dimensionFunction = async (image) => {
      const known = sizes.get(image.id)
      if (known) return known
      const url = 'http://localhost/iiif/3/' + image.id + '/info.json'
      const found = await new Processor(url, stream).dimensions()
      sizes.set(image.id, found)
      return found
    }
    require('node:http').createServer(async (q, s) => {
      const options = ${keepsSizes ? '{ dimensionFunction }' : '{}'}
      try {
        const made = await new Processor('http://localhost' + q.url, stream, options).execute()
        if (made.type !== 'content') throw new Error(made.message)
        s.writeHead(200, { 'content-type': made.contentType, 'content-length': made.body.length })
        s.end(made.body)
      } catch (error) {
        s.writeHead(500).end(String(error))
      }
    }).listen(${LIBRARY_PORT}, '127.0.0.1')`
  return startNode(
    {
      name: 'iiif-processor',
      port: LIBRARY_PORT,
      tilePath: (item, page) => `/iiif/3/${item}-${page}/`,
    },
    code,
  )
}

interface Cut {
  readonly perSecond: number
  /** Processor time of the server for one tile, in milliseconds. */
  readonly cpuMs: number
}

async function cut(contestant: Contestant, tiles: readonly Tile[]): Promise<Cut> {
  const reader = connect(contestant.address, AT_ONCE)
  const before = contestant.cpuUs()
  const began = performance.now()
  await pMap(
    tiles,
    async (tile) => {
      const { status, bytes } = await reader.tile(contestant, tile)
      if (status !== 200 || bytes < 300) {
        throw new Error(`${contestant.name} ${tile.target}: ${status}, ${bytes} bytes`)
      }
    },
    { concurrency: AT_ONCE },
  )
  const seconds = (performance.now() - began) / 1000
  await reader.close()
  const cpuMs = (contestant.cpuUs() - before) / 1000 / tiles.length
  return { perSecond: tiles.length / seconds, cpuMs }
}

/** Ratios are taken round by round: what slowed the machine down slowed both. */
function against(
  name: string,
  ours: readonly Cut[],
  theirs: readonly Cut[],
  atLeast: number | undefined,
): Result {
  const ratios = ours.map(({ perSecond }, n) => perSecond / (theirs[n]?.perSecond ?? Number.NaN))
  const inWords = (all: readonly Cut[]) =>
    `${Math.round(median(all.map(({ perSecond }) => perSecond)))}/s`
  return {
    name,
    measured: inWords(ours),
    reference: inWords(theirs),
    figure: median(ratios),
    target: atLeast === undefined ? undefined : { atLeast },
    spread: spreadOf(ratios),
  }
}

function processorTime(ours: readonly Cut[], theirs: readonly Cut[]): Result {
  const ratios = ours.map(({ cpuMs }, n) => cpuMs / (theirs[n]?.cpuMs ?? Number.NaN))
  const inWords = (all: readonly Cut[]) => `${round(median(all.map(({ cpuMs }) => cpuMs)))} ms`
  return {
    name: 'embedded tile, processor time against the image library, sizes kept',
    measured: inWords(ours),
    reference: inWords(theirs),
    figure: median(ratios),
    target: undefined,
    spread: spreadOf(ratios),
  }
}
