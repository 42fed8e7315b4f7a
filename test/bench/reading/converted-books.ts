import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { parseBarcode } from '../../../src/ids.ts'
import { convertScans } from '../../../src/scans/convert.ts'
import { linkBook, pageScans } from '../scans.ts'
import { ITEMS, type Tile } from './library.ts'

const TILE = 512

export interface ConvertedBooks {
  readonly imagesDir: string
  readonly manifestOf: (item: string) => object
  /** The file of each page, by `ITEM-PAGE`. */
  readonly files: ReadonlyMap<string, string>
  readonly tiles: readonly Tile[]
}

/** The bench's items as books of so many page scans, converted by Carrel. */
export async function convertedBooks(home: string, pages: number): Promise<ConvertedBooks> {
  const scansDir = join(home, 'scans')
  const imagesDir = join(home, 'images')
  const manifestDir = join(home, 'manifests')
  mkdirSync(imagesDir, { recursive: true })
  const scans = await pageScans()
  const files = new Map<string, string>()
  const tiles: Tile[] = []
  for (const item of ITEMS) {
    linkBook(join(scansDir, item), scans, pages)
    const barcode = parseBarcode(item)
    if (barcode === undefined) throw new Error(`${item} is no barcode`)
    const options = { scansDir, imagesDir, manifestDir, presentation: 3, clock: Date } as const
    const made = await convertScans(barcode, options)
    if (made.kind !== 'converted') throw new Error(`embedded: ${JSON.stringify(made)}`)
    for (let page = 1; page <= pages; page++) {
      const name = `${String(page).padStart(4, '0')}.tif`
      const file = join(imagesDir, item, made.version, name)
      files.set(`${item}-${page}`, file)
      for (const target of targetsOf(await sharp(file).metadata())) {
        tiles.push({ item, page, target })
      }
    }
  }
  const manifestOf = (item: string) =>
    JSON.parse(readFileSync(join(manifestDir, `${item}-manifest.json`), 'utf8'))
  return { imagesDir, manifestOf, files, tiles }
}

/** What a viewer asks for: every tile of every level. */
function targetsOf({ width, height }: { width: number; height: number }): string[] {
  const targets: string[] = []
  for (let factor = 1; Math.max(width, height) / factor > TILE / 2; factor *= 2) {
    const side = TILE * factor
    for (let y = 0; y < height; y += side) {
      for (let x = 0; x < width; x += side) {
        const [w, h] = [Math.min(side, width - x), Math.min(side, height - y)]
        targets.push(`${x},${y},${w},${h}/${Math.ceil(w / factor)},/0/default.jpg`)
      }
    }
  }
  return targets
}
