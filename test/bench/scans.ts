import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import pMap from 'p-map'
import sharp from 'sharp'

const SIZES = [
  { width: 1600, height: 2600 },
  { width: 2000, height: 3000 },
  { width: 2400, height: 3600 },
]
const PAGES = 12

/**
 * Page scans: 12 JPEGs of our own, made once, and those of CARREL_SAMPLES if that is set.
 *
 * @returns their paths, those of different sizes in turn
 */
export async function pageScans(): Promise<string[]> {
  const folder = join(tmpdir(), 'carrel-bench-scans')
  const done = join(folder, 'complete')
  const made = Array.from({ length: PAGES }, (_, n) => join(folder, `${n + 1}.jpg`))
  if (!existsSync(done)) {
    mkdirSync(folder, { recursive: true })
    await pMap(made, makeScan, { concurrency: 2 })
    writeFileSync(done, '')
  }
  return [...made, ...samples()]
}

function samples(): string[] {
  const { CARREL_SAMPLES } = process.env
  if (CARREL_SAMPLES === undefined) return []
  return readdirSync(join(CARREL_SAMPLES, 'scans'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
}

/** Links to scans, over and over until there are so many, as the pages of a book in `folder`. */
export function linkBook(folder: string, scans: readonly string[], pages: number): void {
  mkdirSync(folder, { recursive: true })
  for (let n = 0; n < pages; n++) {
    const scan = scans[n % scans.length] ?? ''
    symlinkSync(scan, join(folder, `${String(n + 1).padStart(4, '0')}${extname(scan)}`))
  }
}

/** Paper with its grain, and lines of marks as dense as letters: 0.7 to 1.1 MB. */
async function makeScan(file: string, n: number): Promise<void> {
  const size = SIZES[n % SIZES.length] ?? { width: 1600, height: 2600 }
  const noise = { type: 'gaussian', mean: 222, sigma: 7 } as const
  await sharp({ create: { ...size, channels: 3, background: '#fff', noise } })
    .composite([{ input: Buffer.from(marks(size, n)), blend: 'multiply' }])
    .blur(0.8)
    .jpeg({ quality: 88 })
    .toFile(file)
}

/** Some 40 lines of 70 marks, no two pages alike. */
function marks({ width, height }: { width: number; height: number }, page: number): string {
  const line = height / 46
  const letter = width / 90
  const rects = Array.from({ length: 40 * 70 }, (_, n) => {
    const chance = Math.abs(Math.sin((n + 1) * (page + 2) * 12.9898))
    // A gap between words.
    if (chance < 0.16) return ''
    const x = letter * (10 + (n % 70))
    const y = line * (3 + Math.floor(n / 70))
    return (
      `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${(letter * 0.6 * chance).toFixed(1)}"` +
      ` height="${(line * 0.5 * (1.2 - chance)).toFixed(1)}"/>`
    )
  })
  const box = `width="${width}" height="${height}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${box} fill="#222">${rects.join('')}</svg>`
}
