import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pMap from 'p-map'
import sharp from 'sharp'

/** A library of the size that performance is judged by: 4 items of 25 pages of 20 tiles. */
export const ITEMS = ['bench1', 'bench2', 'bench3', 'bench4']
export const PAGES = 25
/** The image server has each image by so many names: page 26 is page 1 again, and so on. */
export const MOST_COPIES = 13
const TILE = 512
const COLUMNS = 4
const ROWS = 5
export const PAGE = { width: COLUMNS * TILE, height: ROWS * TILE }

/** One tile: `target` is what follows the address of its image. */
export interface Tile {
  readonly item: string
  /** The number of the image in its item, from 1. */
  readonly page: number
  readonly target: string
}

/** Every tile of the full size, page by page. */
export function allTiles(): Tile[] {
  return ITEMS.flatMap((item) =>
    Array.from({ length: PAGES }, (_, n) => n + 1).flatMap((page) =>
      Array.from({ length: COLUMNS * ROWS }, (_, n) => ({
        item,
        page,
        target: `${(n % COLUMNS) * TILE},${Math.floor(n / COLUMNS) * TILE},${TILE},${TILE}/${TILE},/0/default.jpg`,
      })),
    ),
  )
}

/** The identifier of an image at the image server. */
export const imageOf = ({ item, page }: Pick<Tile, 'item' | 'page'>) => `${item}-${page}`

/**
 * Writes 2,000 distinct JPEG tiles of some 10 to 130 KB and their info.json below `root/iiif`, as
 * static files that any web server can serve. Does nothing when they are there already.
 *
 * @param origin of the server that will serve them
 */
export async function makeTiles(root: string, origin: string): Promise<void> {
  const done = join(root, 'complete')
  if (existsSync(done)) return
  await pMap(allTiles(), (tile, n) => makeTile(root, tile, n), { concurrency: 4 })
  for (const item of ITEMS) {
    for (let page = 1; page <= PAGES; page++) {
      const image = imageOf({ item, page })
      writeFileSync(join(root, 'iiif', image, 'info.json'), JSON.stringify(info(origin, image)))
    }
  }
  writeFileSync(done, '')
}

/** Noise compresses badly: the less blurred, the larger. Sizes are spread as those of real pages. */
async function makeTile(root: string, tile: Tile, n: number): Promise<void> {
  const file = join(root, 'iiif', imageOf(tile), tile.target)
  mkdirSync(join(file, '..'), { recursive: true })
  const noise = { type: 'gaussian', mean: 160, sigma: 8 + (n % 40) } as const
  const side = { width: TILE, height: TILE, channels: 3, background: '#fff' } as const
  await sharp({ create: { ...side, noise } })
    .jpeg({ quality: 40 + (n % 45) })
    .toFile(file)
}

function info(origin: string, image: string) {
  const scaleFactors = [1, 2, 4, 8]
  return {
    '@context': 'http://iiif.io/api/image/2/context.json',
    '@id': `${origin}/iiif/${image}`,
    protocol: 'http://iiif.io/api/image',
    ...PAGE,
    tiles: [{ width: TILE, height: TILE, scaleFactors }],
    sizes: scaleFactors.map((factor) => ({
      width: Math.ceil(PAGE.width / factor),
      height: Math.ceil(PAGE.height / factor),
    })),
    profile: ['http://iiif.io/api/image/2/level2.json'],
  }
}

/** A manifest of Presentation 2.1 over the images of an item. */
export function manifestOf(origin: string, item: string, pages = PAGES): object {
  const id = `${origin}/manifests/${item}`
  return {
    '@context': 'http://iiif.io/api/presentation/2/context.json',
    '@id': id,
    '@type': 'sc:Manifest',
    label: `The bench's ${item}`,
    metadata: [{ label: 'Author', value: 'A. N. Author' }],
    sequences: [
      {
        '@type': 'sc:Sequence',
        canvases: Array.from({ length: pages }, (_, n) => canvas(origin, id, item, n + 1)),
      },
    ],
  }
}

function canvas(origin: string, id: string, item: string, page: number) {
  const service = `${origin}/iiif/${imageOf({ item, page })}`
  const canvasId = `${id}/canvas/${page}`
  return {
    '@id': canvasId,
    '@type': 'sc:Canvas',
    label: String(page),
    ...PAGE,
    thumbnail: { '@id': `${service}/full/90,/0/default.jpg` },
    images: [
      {
        '@type': 'oa:Annotation',
        motivation: 'sc:painting',
        on: canvasId,
        resource: {
          '@id': `${service}/full/full/0/default.jpg`,
          '@type': 'dctypes:Image',
          format: 'image/jpeg',
          ...PAGE,
          service: {
            '@context': 'http://iiif.io/api/image/2/context.json',
            '@id': service,
            profile: 'http://iiif.io/api/image/2/level2.json',
          },
        },
      },
    ],
  }
}
