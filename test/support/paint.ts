import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import type { Barcode } from '../../src/ids.ts'

/** Pages of 1000 x 1500 pixels, each with its own colour and a grid, so that tiles can be told apart. */
export async function paintScans(scansDir: string, item: Barcode, pages: number): Promise<void> {
  const folder = join(scansDir, item)
  mkdirSync(folder, { recursive: true })
  for (let page = 1; page <= pages; page++) {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1000" height="1500">
      <rect width="1000" height="1500" fill="hsl(${(page * 67) % 360} 60% 70%)"/>
      ${Array.from({ length: 14 }, (_, n) => `<rect x="0" y="${n * 100}" width="${page * 60}" height="40"/>`).join('')}
    </svg>`
    const name = `${item}_${String(page).padStart(3, '0')}.jpg`
    await sharp(Buffer.from(svg)).jpeg().toFile(join(folder, name))
  }
}
