import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { describe, expect, it } from 'vitest'
import { checkScan, makePyramid } from '../../src/scans/pyramid.ts'
import { tiffTags } from '../support/tiff-tags.ts'
import { hugePng, page, scratch } from './scratch.ts'

sharp.cache(false)

/** Converts one scan; gives the reason of a problem, or what the image is. */
async function convert(name: string, content: Buffer) {
  const { root } = scratch()
  const scan = join(root, name)
  const image = join(root, 'image.tif')
  await writeFile(scan, content)
  const checked = await checkScan(scan)
  if (checked.kind === 'problem') return { reason: checked.reason }
  const made = await makePyramid(checked, image)
  if (made.kind === 'problem') return { reason: made.reason }
  const found = await sharp(image).metadata()
  const levels = []
  for (let level = 0; level < (found.pages ?? 1); level++) {
    const { width, height } = await sharp(image, { page: level }).metadata()
    levels.push(`${width}x${height}`)
  }
  const { dominant } = await sharp(image).stats()
  return { made, found, levels, dominant, tags: await tiffTags(image) }
}

describe('the image of a page', () => {
  it('is a pyramid of halves with JPEG tiles of 512 pixels', async () => {
    const { made, levels, tags } = await convert('p.tif', await page(1301, 1700).tiff().toBuffer())
    expect(made).toMatchObject({ width: 1301, height: 1700 })
    expect(levels).toEqual(['1301x1700', '650x850', '325x425'])
    // TileWidth, TileLength, Compression 7 = JPEG
    expect(tags).toMatchObject({ 322: 512, 323: 512, 259: 7 })
  })

  it.each([
    [1, 1],
    [120, 300],
    [511, 4],
    [512, 1],
    [513, 513],
  ])('can be read back when the page is as small as %i by %i', async (width, height) => {
    const { found } = await convert('p.png', await page(width, height).png().toBuffer())
    expect(found).toMatchObject({ width, height })
  })

  it('is turned as the EXIF data says, and holds no metadata', async () => {
    const turned = await page(600, 800)
      .withExif({ IFD0: { Artist: 'Somebody' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer()
    const { made, found } = await convert('p.jpg', turned)
    expect(made).toMatchObject({ width: 800, height: 600 })
    expect(found).toMatchObject({ width: 800, height: 600 })
    expect(found?.exif).toBeUndefined()
    expect(found?.orientation ?? 1).toBe(1)
  })

  const green = (): Sharp =>
    sharp({ create: { width: 600, height: 700, channels: 3, background: '#208020' } })
  const grey = (): Sharp =>
    sharp({ create: { width: 600, height: 700, channels: 3, background: '#808080' } })
  it.each([
    ['16-bit grey PNG', () => grey().toColourspace('grey16').png()],
    ['16-bit colour TIFF', () => grey().toColourspace('rgb16').tiff()],
    ['grey JPEG', () => grey().greyscale().jpeg()],
    [
      'black-and-white TIFF',
      () =>
        grey()
          .greyscale()
          .threshold(200)
          .toColourspace('b-w')
          .tiff({ compression: 'ccittfax4', bitdepth: 1 }),
    ],
    ['CMYK JPEG', () => green().toColourspace('cmyk').jpeg()],
    ['JPEG with a wide profile', () => green().withIccProfile('p3').jpeg()],
    ['PNG with transparency', () => green().ensureAlpha(0.5).png()],
  ])('is 8-bit sRGB for a %s', async (_, scan) => {
    const { found, dominant } = await convert('p', await scan().toBuffer())
    expect(found).toMatchObject({ space: 'srgb', depth: 'uchar', channels: 3, hasProfile: false })
    expect(dominant).toBeDefined()
  })

  it('keeps the colours of a scan with a profile of its own', async () => {
    const content = await green()
      .toColourspace('cmyk')
      .withMetadata()
      .jpeg({ quality: 95 })
      .toBuffer()
    const { dominant } = await convert('p.jpg', content)
    expect(Math.abs((dominant?.g ?? 0) - 0x80)).toBeLessThan(16)
    expect(Math.abs((dominant?.r ?? 0) - 0x20)).toBeLessThan(32)
  })

  it('is on white where the scan is transparent', async () => {
    const clear = { r: 0, g: 0, b: 0, alpha: 0 }
    const content = sharp({ create: { width: 300, height: 300, channels: 4, background: clear } })
    const { dominant } = await convert('p.png', await content.png().toBuffer())
    expect(dominant?.r).toBeGreaterThan(240)
  })

  it('cannot be written where there is no folder, and that is no fault of the scan', async () => {
    const { root } = scratch()
    await writeFile(join(root, 'p.png'), await page().png().toBuffer())
    const scan = await checkScan(join(root, 'p.png'))
    if (scan.kind === 'problem') throw new Error(scan.reason)
    await expect(makePyramid(scan, join(root, 'none', 'p.tif'))).rejects.toThrow(/image .*p\.tif/)
  })
})

describe('a scan is refused', () => {
  const half = (whole: Buffer) => whole.subarray(0, Math.floor(whole.length * 0.6))
  const zeroed = (whole: Buffer) => {
    const middle = whole.length >> 1
    return Buffer.concat([
      whole.subarray(0, middle),
      Buffer.alloc(2000),
      whole.subarray(middle + 2000),
    ])
  }
  it.each([
    ['a JPEG cut off', () => page().jpeg(), half],
    ['a JPEG cut off near its end', () => page().jpeg(), (b: Buffer) => b.subarray(0, -200)],
    ['a JPEG with a hole', () => page().jpeg(), zeroed],
    ['a PNG cut off', () => page().png(), half],
    ['a PNG with a hole', () => page().png(), zeroed],
    ['a TIFF cut off', () => page().tiff({ compression: 'lzw' }), half],
    ['a JPEG-in-TIFF with a hole', () => page().tiff({ compression: 'jpeg' }), zeroed],
  ])('%s', async (_, scan, spoil) => {
    const { reason } = await convert('p9.xyz', spoil(await scan().toBuffer()))
    expect(reason).toMatch(/^p9\.xyz (is damaged or cut off|cannot be read as an image)/)
  })

  it('an empty file, a text, an SVG drawing', async () => {
    const cannot = /^p\.tif (cannot be read as|is not a TIFF, JPEG or PNG) /
    expect((await convert('p.tif', Buffer.alloc(0))).reason).toMatch(cannot)
    expect((await convert('p.tif', Buffer.from('a text'))).reason).toMatch(cannot)
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    expect((await convert('p.tif', Buffer.from(svg))).reason).toMatch(cannot)
  })

  it('a page of 900 million pixels or longer than 65,500', async () => {
    expect((await convert('p.png', hugePng(30_000, 30_000))).reason).toBe(
      'p.png is too large, 30000 by 30000 pixels: the most is 300 million pixels, and 65500 on a side.',
    )
    expect((await convert('p.png', hugePng(65_501, 8))).reason).toMatch(/too large, 65501 by 8/)
  })

  it('a TIFF with several pages, but not one with a thumbnail or smaller copies', async () => {
    const pages = await Promise.all([1, 2, 3].map(() => page().png().toBuffer()))
    const several = await sharp(pages, { join: { animated: true } })
      .tiff()
      .toBuffer()
    expect((await convert('book.tif', several)).reason).toBe(
      'book.tif holds 3 pages: save each page as a file of its own.',
    )
    const pyramid = await page(1000, 1500)
      .tiff({ pyramid: true, tile: true, tileWidth: 128, tileHeight: 128 })
      .toBuffer()
    expect((await sharp(pyramid).metadata()).pages, 'needs several sizes').toBeGreaterThan(2)
    expect(await convert('p.tif', pyramid)).toMatchObject({ made: { width: 1000 } })
  })

  it('not for careless tags, which many scanners write', async () => {
    const bytes = await page().tiff({ compression: 'lzw' }).toBuffer()
    const directory = bytes.readUInt32LE(4)
    const entries = Array.from(
      { length: bytes.readUInt16LE(directory) },
      (_, n) => directory + 2 + 12 * n,
    )
    const unit = entries.find((at) => bytes.readUInt16LE(at) === 296) ?? 0
    // Software (305), ASCII, four characters and no null byte.
    bytes.writeUInt16LE(305, unit)
    bytes.writeUInt16LE(2, unit + 2)
    bytes.writeUInt32LE(4, unit + 4)
    bytes.write('Scan', unit + 8)
    expect(await convert('p.tif', bytes)).toMatchObject({ made: { kind: 'image' } })
  })

  it('one that is gone', async () => {
    const { root } = scratch()
    await mkdir(join(root, 'x'))
    expect(await checkScan(join(root, 'x', 'p.tif'))).toMatchObject({ kind: 'problem' })
  })
})
