import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { localSource } from '../../src/sources/local.ts'
import { LOCAL_IMAGES, type Source } from '../../src/sources/source.ts'
import { parseImageRequest } from '../../src/tiles/image-request.ts'
import { canonical, resolve } from '../../src/tiles/resolve.ts'

const WIDTH = 1201
const HEIGHT = 1801
let dir: string
let source: Source

/** Red and green above, blue and white below, in a pyramid as the conversion of scans makes it. */
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'carrel-local-'))
  await mkdir(join(dir, 'images/b1/v1'), { recursive: true })
  const box = (background: string, left: number, top: number) => ({
    input: { create: { width: 600, height: 900, channels: 3 as const, background } },
    left,
    top,
  })
  await sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: 'white' } })
    .composite([box('#f00', 0, 0), box('#0f0', 601, 0), box('#00f', 0, 901)])
    .tiff({
      compression: 'jpeg',
      quality: 90,
      tile: true,
      tileWidth: 512,
      tileHeight: 512,
      pyramid: true,
    })
    .toFile(join(dir, 'images/b1/v1/p1.tif'))
  await writeFile(join(dir, 'images/b1/v1/broken.tif'), 'II*\0 not really')
  await writeFile(join(dir, 'secret.tif'), await tiny())
  await symlink(join(dir, 'secret.tif'), join(dir, 'images/b1/v1/link.tif'))
  source = localSource({ imagesDir: join(dir, 'images') })
})
afterAll(() => rm(dir, { recursive: true }))

const tiny = () =>
  sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
    .tiff()
    .toBuffer()
const image = (name: string, api: 2 | 3 = 2) =>
  ({ kind: 'service', id: `${LOCAL_IMAGES}${name}`, api }) as const
const page = (api: 2 | 3) => image('b1/v1/p1', api)

async function drawn(path: string, api: 2 | 3) {
  const got = await source.pixels(page(api), path)
  if (got.kind !== 'found') throw new Error(JSON.stringify(got))
  const { data, info } = await sharp(got.bytes)
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  const at = (x: number, y: number) => nameOf(data.subarray((y * info.width + x) * info.channels))
  const pixels = Array.from({ length: info.width * info.height }, (_, i) => [
    ...data.subarray(i * info.channels, i * info.channels + 3),
  ])
  const corners = () => {
    const [right, bottom] = [info.width - 2, info.height - 2]
    return at(1, 1) + at(right, 1) + at(1, bottom) + at(right, bottom)
  }
  return {
    width: info.width,
    height: info.height,
    bytes: got.bytes,
    type: got.type,
    pixels,
    corners,
  }
}

/** R, G, B, W, K or a dot for what is in between. */
function nameOf([r = 0, g = r, b = r]: Uint8Array): string {
  const letters: Record<string, string> = {
    '200': 'R',
    '020': 'G',
    '002': 'B',
    '222': 'W',
    '000': 'K',
  }
  return letters[[r, g, b].map((n) => (n > 190 ? 2 : n < 65 ? 0 : 1)).join('')] ?? '.'
}

describe.each([2, 3] as const)('a local image, by version %i,', (api) => {
  it('is described as a pyramid of tiles of 512', async () => {
    expect(await source.info(page(api))).toMatchObject({
      kind: 'found',
      document: {
        '@context': `http://iiif.io/api/image/${api}/context.json`,
        width: WIDTH,
        height: HEIGHT,
        tiles: [{ width: 512, height: 512, scaleFactors: [1, 2, 4] }],
      },
    })
  })

  it.each([
    ['full/300,450', 'RGBW'],
    ['0,0,512,512/512,512', 'RRRR'],
    ['512,512,512,512/512,512', 'RGBW'],
    ['0,1024,1024,777/512,389', 'BWBW'],
    ['1024,1536,177,265/177,265', 'WWWW'],
    ['590,0,20,20/20,20', 'RGRG'],
    ['595,890,12,22/24,44', 'RGBW'],
  ])('shows the right part for %s', async (path, corners) => {
    const upscaled = path === '595,890,12,22/24,44'
    const [region, size] = path.split('/')
    const got = await drawn(
      `${region}/${upscaled && api === 3 ? '^' : ''}${size}/0/default.jpg`,
      api,
    )
    expect(`${got.width},${got.height}`).toBe(size)
    expect(got.corners()).toBe(corners)
  })

  it.each([
    ['0', 'RGBW'],
    ['90', 'BRWG'],
    ['180', 'WBGR'],
    ['270', 'GWRB'],
    ['!0', 'GRWB'],
    ['!90', 'WGBR'],
    ['!180', 'BWRG'],
    ['!270', 'RBGW'],
  ])('turned by %s is mirrored first, then turned clockwise', async (rotation, corners) => {
    const got = await drawn(`full/200,300/${rotation}/default.png`, api)
    expect([got.width, got.height]).toEqual(/90|270/.test(rotation) ? [300, 200] : [200, 300])
    expect(got.corners()).toBe(corners)
  })

  it.each([
    ['jpg', 'image/jpeg'],
    ['png', 'image/png'],
    ['webp', 'image/webp'],
    ['gif', 'image/gif'],
  ])('can be had as %s', async (format, type) => {
    const got = await drawn(`full/200,300/0/default.${format}`, api)
    expect(got.type).toBe(type)
    expect(`image/${(await sharp(got.bytes).metadata()).format}`).toBe(type)
  })

  it('can be had in grey and in black and white', async () => {
    const grey = await drawn('full/200,300/0/gray.png', api)
    expect(grey.pixels.every(([r, g, b]) => r === g && g === b)).toBe(true)
    expect(grey.corners(), 'needs more than black and white').toContain('.')
    const bitonal = await drawn('full/200,300/0/bitonal.png', api)
    expect(new Set(bitonal.pixels.flat())).toEqual(new Set([0, 255]))
  })

  it('has exactly the size that the request means', async () => {
    const forms = [
      'full/90,',
      'full/,91',
      'full/!300,300',
      'pct:10,10,33.3,33.3/100,',
      'square/120,',
      'full/pct:7',
      '0,0,1201,3/300,',
      '0,0,3,1801/,300',
      '1200,1800,1,1/max',
      '1,1,1000,1/500,',
      '999,999,999,999/100,80',
    ]
    for (const form of forms) {
      const request = parseImageRequest([...form.split('/'), '0', 'default.jpg'], api)
      if (request.kind === 'bad') throw new Error(form)
      const wanted = resolve(request, { width: WIDTH, height: HEIGHT })
      if (wanted.kind === 'bad') throw new Error(form)
      const { width, height } = await drawn(canonical(wanted, api), api)
      expect({ width, height }, form).toEqual(wanted.size)
    }
  })
})

describe('a local source', () => {
  it.each([
    'b1/v1/none',
    'b1/v2/p1',
    'b2/v1/p1',
    'b1/v1',
    'b1/v1/p1/',
    'b1/v1/../v1/p1',
    'b1/../../secret',
    '../secret',
    'b1/v1/..',
    'b1/v1/.p1',
    'b1/v1/p1.tif',
    'b1/v1/%2e%2e',
    'b1/v1/p1\0',
    'b1/v1/p1\n',
    'b1//p1',
    '/etc/passwd',
    'b1/v1/link',
    '',
  ])('has no image %j', async (name) => {
    expect((await source.info(image(name))).kind).toBe('not-found')
    expect((await source.pixels(image(name), 'full/9,/0/default.jpg')).kind).toBe('not-found')
  })

  it('has nothing for other hosts and for images without a service', async () => {
    const other = { kind: 'service', id: 'https://example.org/b1/v1/p1', api: 2 } as const
    expect((await source.info(other)).kind).toBe('not-found')
    expect((await source.pixels({ kind: 'plain', id: page(2).id }, '')).kind).toBe('not-found')
  })

  it('answers a file that is no image as a fault, and goes on', async () => {
    expect(await source.info(image('b1/v1/broken'))).toMatchObject({
      kind: 'bad-answer',
      why: 'type',
    })
    expect((await source.info(page(2))).kind).toBe('found')
  })

  it.each([
    'full/5000,5000/0/default.jpg',
    'full/x/0/default.jpg',
    'full/90,/0/default.tif',
    '',
    '9999,0,1,1/1,1/0/default.jpg',
  ])('refuses %j', async (path) => {
    expect((await source.pixels(page(2), path)).kind).toBe('refused-request')
  })

  it('1.8 pixel budget: opens no image with more pixels than it may', async () => {
    const small = localSource({ imagesDir: join(dir, 'images'), largestPixels: 1_000_000 })
    expect((await small.pixels(page(2), 'full/90,/0/default.jpg')).kind).toBe('bad-answer')
  })

  it('1.8 queue: says busy when too many wait already, and serves all the others', async () => {
    const narrow = localSource({ imagesDir: join(dir, 'images'), waiting: 2 })
    const asked = Array.from({ length: 40 }, (_, i) =>
      narrow.pixels(page(2), `${i},0,512,512/512,/0/default.jpg`),
    )
    const kinds = (await Promise.all(asked)).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'found').length).toBeGreaterThan(2)
    expect(kinds.filter((kind) => kind === 'busy').length).toBeGreaterThan(0)
    expect(new Set(kinds)).toEqual(new Set(['found', 'busy']))
    const busy = (await Promise.all(asked)).find(({ kind }) => kind === 'busy')
    expect(busy).toMatchObject({ retryAfterS: 1 })
    expect(await narrow.pixels(page(2), 'full/90,/0/default.jpg')).toMatchObject({ kind: 'found' })
  })

  it('1.8 time limit: gives an image up that takes too long, and goes on', async () => {
    const slow = localSource({ imagesDir: join(dir, 'images'), timeoutS: 1, largestSide: 9000 })
    const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const
    await sharp({ create: { width: 1200, height: 1800, channels: 3, background: 'red', noise } })
      .tiff({ compression: 'jpeg' })
      .toFile(join(dir, 'images/b1/v1/noise.tif'))
    const before = performance.now()
    // To pack that as PNG takes many seconds.
    const got = await slow.pixels(image('b1/v1/noise'), 'full/6000,9000/0/default.png')
    expect(got).toMatchObject({ kind: 'timeout' })
    expect(performance.now() - before).toBeLessThan(8_000)
    expect((await slow.pixels(page(2), 'full/90,/0/default.jpg')).kind).toBe('found')
  })

  it('gives each image a buffer of its own, so that the cache holds no more than it counts', async () => {
    const { bytes } = await drawn('full/90,/0/default.jpg', 2)
    expect(bytes.buffer.byteLength).toBe(bytes.length)
  })
})
