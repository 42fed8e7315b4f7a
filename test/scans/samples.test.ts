import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, it } from 'vitest'
import { convertScans } from '../../src/scans/convert.ts'
import { BOOK, contents, scratch } from './scratch.ts'

/** Real scans: those of CARREL_SAMPLES in full size, or the small copies among the fixtures. */
const SAMPLES = process.env.CARREL_SAMPLES ?? 'test/fixtures'

it('converts real scans, two JPEG-in-TIFF and five JPEG, and leaves them as they are', async () => {
  const { options } = scratch()
  const scansDir = join(SAMPLES, 'scans')
  const before = await contents(join(scansDir, BOOK))
  const names = (await readdir(join(scansDir, BOOK))).sort()
  expect(names.map((name) => name.slice(-7))).toEqual([
    '001.tif',
    '002.tif',
    '003.jpg',
    '004.jpg',
    '005.jpg',
    '006.jpg',
    '007.jpg',
  ])

  const outcome = await convertScans(BOOK, { ...options, scansDir })
  if (outcome.kind !== 'converted') throw new Error(JSON.stringify(outcome))
  const images = join(options.imagesDir, BOOK, outcome.version)
  const manifest = await readFile(join(options.manifestDir, `${BOOK}-manifest.json`), 'utf8')
  for (const [n, canvas] of JSON.parse(manifest).items.entries()) {
    const scan = await sharp(join(scansDir, BOOK, names[n] ?? '')).metadata()
    const image = join(images, `000${n + 1}.tif`)
    const made = await sharp(image).metadata()
    expect(canvas.label).toEqual({ none: [String(n + 1)] })
    expect([made.width, made.height]).toEqual([scan.width, scan.height])
    expect([canvas.width, canvas.height]).toEqual([scan.width, scan.height])
    expect(made.pages, 'has smaller levels').toBeGreaterThan(1)
    expect(await likeness(image, join(scansDir, BOOK, names[n] ?? ''))).toBeLessThan(6)
  }
  expect(await contents(join(scansDir, BOOK))).toEqual(before)
})

/** How far two pictures are apart: the mean difference of their pixels, 0 to 255, at reading size. */
async function likeness(one: string, other: string): Promise<number> {
  const small = (path: string) =>
    sharp(path).resize(400, 600, { fit: 'fill' }).toColourspace('srgb').raw().toBuffer()
  const [a, b] = await Promise.all([small(one), small(other)])
  return a.reduce((sum, value, n) => sum + Math.abs(value - (b[n] ?? 0)), 0) / a.length
}
