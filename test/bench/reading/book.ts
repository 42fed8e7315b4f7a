import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Script } from 'node:vm'
import pMap from 'p-map'
import sharp from 'sharp'

/** The size of a page of a scanned book, and how many there are. */
export const PAGE = { width: 1800, height: 2600 }
export const PAGES = 12

/** Writes scans of pages with lines as of print and the noise of paper, each of its own tint. */
export async function paintBook(folder: string, item: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const numbers = Array.from({ length: PAGES }, (_, n) => n + 1)
  await pMap(
    numbers,
    async (page) => {
      const file = join(folder, `${item}_${String(page).padStart(3, '0')}.jpg`)
      const noise = { type: 'gaussian', mean: 215, sigma: 12 } as const
      const paper = { ...PAGE, channels: 3, background: '#fff', noise } as const
      const image = sharp({ create: paper }).composite([{ input: Buffer.from(print(page)) }])
      await image.jpeg({ quality: 85 }).toFile(file)
    },
    { concurrency: 2 },
  )
}

function print(page: number): string {
  const lines = Array.from({ length: 40 }, (_, n) => {
    const words = Array.from({ length: 12 }, (_, word) => {
      const width = 40 + ((page * 13 + n * 29 + word * 47) % 60)
      return `<rect x="${150 + word * 125}" y="${250 + n * 52}" width="${width}" height="26"/>`
    })
    return words.join('')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${PAGE.width}" height="${PAGE.height}">
    <rect width="100%" height="100%" fill="hsl(${page * 30} 70% 60%)" fill-opacity=".3"/>
    <g fill="#222">${lines.join('')}</g></svg>`
}

/**
 * OpenSeadragon by itself, as the script that sets `window.OpenSeadragon`. It is the very copy that
 * Universal Viewer brings, cut out of the script where it is the first of the wrapped modules.
 */
export function openSeadragonAlone(): string {
  const esm = join(import.meta.dirname, '../../../node_modules/universalviewer/dist/esm')
  for (const name of readdirSync(esm).filter((file) => /^Extension-.*\.js$/.test(file))) {
    const text = readFileSync(join(esm, name), 'utf8')
    const from =
      /\bvar \w+=\w+\((\((\w+),(\w+)\)=>\{function \w+\(\w+\)\{return new \w+\.Viewer)/.exec(text)
    if (from === null) continue
    const start = from.index + from[0].length - (from[1]?.length ?? 0)
    for (
      let end = text.indexOf('});var ', start);
      end > 0;
      end = text.indexOf('});var ', end + 1)
    ) {
      const wrapped = text.slice(start, end + 1)
      try {
        new Script(`(${wrapped})`)
      } catch {
        continue
      }
      return `{const m={exports:{}};(${wrapped})(m.exports,m);window.OpenSeadragon=m.exports}`
    }
  }
  throw new Error('OpenSeadragon is not where it was in Universal Viewer')
}

/** The page that shows an image with OpenSeadragon and nothing else. */
export function writeAlone(folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'openseadragon.js'), openSeadragonAlone())
  writeFileSync(
    join(folder, 'start.js'),
    `OpenSeadragon({ id: 'page', tileSources: location.search.slice(1), showNavigationControl: false,
       crossOriginPolicy: 'Anonymous', drawer: 'canvas' })`,
  )
  writeFileSync(
    join(folder, 'index.html'),
    `<!doctype html><meta charset="utf-8"><title>Alone</title><link rel="icon" href="data:,">
     <style>html,body,#page{margin:0;height:100%;background:#000}</style><div id="page"></div>
     <script src="openseadragon.js"></script><script src="start.js"></script>`,
  )
}
