import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { readCover } from '../src/items/covers.ts'
import { checkScan, makePyramid } from '../src/scans/pyramid.ts'
import { localSource } from '../src/sources/local.ts'
import { LOCAL_IMAGES } from '../src/sources/source.ts'
import { testFolder } from './support/folder.ts'

/** A black PNG of `side` x `side` pixels with one bit each: 109 KB for 900 million of them. */
function blackPng(side: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    const check = Buffer.alloc(4)
    check.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, check])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header[8] = 1
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(side * (Math.ceil(side / 8) + 1)))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const svg = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>x()</script></svg>',
)
let huge: Buffer
let large: Buffer
let cutJpeg: Buffer

beforeAll(async () => {
  huge = blackPng(30_000)
  large = blackPng(16_000)
  const page = sharp({ create: { width: 900, height: 900, channels: 3, background: 'red' } })
  const jpeg = await page.jpeg().toBuffer()
  cutJpeg = jpeg.subarray(0, jpeg.length / 2)
  expect(huge.length, 'small enough for every door').toBeLessThan(150_000)
  expect(await sharp(large).metadata()).toMatchObject({ width: 16_000, format: 'png' })
})

/** Unpacking one of the bombs takes longer than this on any machine; refusing takes no time. */
async function atOnce<T>(work: () => Promise<T>): Promise<T> {
  const before = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1000, 'ms of processor').toBeLessThan(300)
  return result
}

describe('1.8 upload bomb', () => {
  it.each<[string, () => Buffer, RegExp]>([
    ['1.8 upload bomb: a cover of 900 million pixels', () => huge, /30000 x 30000 pixels/],
    ['1.8 upload bomb: a cover of 256 million pixels', () => large, /16000 x 16000 pixels/],
    ['1.8 upload bomb: an SVG as a cover', () => svg, /must be a JPEG, PNG or WebP/],
    ['1.8 upload bomb: a cover that is cut', () => cutJpeg, /damaged/],
  ])('%s is refused in words', async (_, bytes, why) => {
    const reading = await atOnce(() => readCover(bytes()))
    expect(reading).toEqual({ kind: 'bad', why: expect.stringMatching(why) })
  })

  it.each<[string, () => Buffer, RegExp]>([
    ['1.8 upload bomb: a scan of 900 million pixels', () => huge, /too large, 30000 by 30000/],
    ['1.8 upload bomb: an SVG as a scan', () => svg, /not a TIFF, JPEG or PNG/],
    ['1.8 upload bomb: a scan that is cut', () => cutJpeg, /damaged or cut off/],
  ])('%s is a problem in words', async (_, bytes, why) => {
    const path = join(testFolder(), 'p1.jpg')
    writeFileSync(path, bytes())
    const result = await atOnce(async () => {
      const scan = await checkScan(path)
      return scan.kind === 'scan' ? makePyramid(scan, `${path}.tif`) : scan
    })
    expect(result).toEqual({ kind: 'problem', reason: expect.stringMatching(why) })
  })

  it.each<[string, () => Buffer]>([
    ['1.8 upload bomb: an image of 900 million pixels', () => huge],
    ['1.8 upload bomb: an image of 256 million pixels', () => large],
    ['1.8 upload bomb: an SVG among the images', () => svg],
    ['1.8 upload bomb: an image that is cut', () => cutJpeg],
  ])('%s is never drawn', async (_, bytes) => {
    const imagesDir = testFolder()
    mkdirSync(join(imagesDir, 'b/v1'), { recursive: true })
    writeFileSync(join(imagesDir, 'b/v1/p1.tif'), bytes())
    const source = localSource({ imagesDir })
    const image = { kind: 'service', id: `${LOCAL_IMAGES}b/v1/p1`, api: 2 } as const
    const got = await atOnce(() => source.pixels(image, 'full/90,/0/default.jpg'))
    expect(got).toMatchObject({ kind: 'bad-answer', why: 'type' })
    expect(await source.info(image)).toMatchObject({ kind: 'bad-answer' })
  })

  it('1.8 upload bomb: a large TIFF without smaller levels is never drawn', async () => {
    const imagesDir = testFolder()
    mkdirSync(join(imagesDir, 'b/v1'), { recursive: true })
    await sharp({ create: { width: 8000, height: 8000, channels: 3, background: 'red' } })
      .tiff({ compression: 'jpeg' })
      .toFile(join(imagesDir, 'b/v1/p1.tif'))
    const image = { kind: 'service', id: `${LOCAL_IMAGES}b/v1/p1`, api: 2 } as const
    const got = await atOnce(() => localSource({ imagesDir }).info(image))
    expect(got).toMatchObject({ kind: 'bad-answer', why: 'type' })
  })
})
