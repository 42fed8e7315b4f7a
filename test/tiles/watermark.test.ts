import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SILENT } from '../../src/log.ts'
import { createFlow } from '../../src/sources/flow.ts'
import {
  type FoundImage,
  type ImageType,
  LOCAL_IMAGES,
  type Source,
  type SourceFault,
} from '../../src/sources/source.ts'
import type { ImageKey } from '../../src/tiles/fetched.ts'
import { readMark } from '../../src/tiles/mark.ts'
import { tilesFrom } from '../../src/tiles/serve.ts'
import { watermarkWith } from '../../src/tiles/watermark.ts'
import { testFolder } from '../support/folder.ts'
import { iiifUpstream } from '../support/iiif-upstream.ts'
import { addRemoteItem, imagesFrom } from '../support/remote-item.ts'
import { startSite } from '../support/site.ts'

const textMark = (watermarkText: string) => readMark({ watermarkText, watermarkFile: undefined })
const fileMark = (watermarkFile: string) => readMark({ watermarkText: '', watermarkFile })

const nowhere: Source = {
  info: async () => ({ kind: 'not-found', detail: {} }),
  pixels: async () => ({ kind: 'not-found', detail: {} }),
}

async function watermark() {
  const mark = await textMark('Example Library')
  if (mark === undefined) throw new Error('no mark')
  return watermarkWith(mark)
}

async function plain(width: number, height: number, type: ImageType = 'image/png') {
  const picture = sharp({ create: { width, height, channels: 3, background: '#777' } })
  const bytes = await picture.toFormat(type.slice('image/'.length) as 'png').toBuffer()
  return { kind: 'found' as const, bytes: Buffer.from(bytes), type, width, height }
}

function bytesOf(answer: FoundImage | SourceFault): Buffer {
  if (answer.kind !== 'found') throw new Error(JSON.stringify(answer))
  return answer.bytes
}

/** The grey of each pixel, and where it is another than that of most. */
async function greys(bytes: Uint8Array) {
  const { data, info } = await sharp(bytes).greyscale().raw().toBuffer({ resolveWithObject: true })
  const ground = data[0] ?? 0
  const marked = [...data.entries()]
    .filter(([, grey]) => Math.abs(grey - ground) > 8)
    .map(([at, grey]) => ({ x: at % info.width, y: Math.floor(at / info.width), grey }))
  return { ground, marked, width: info.width, height: info.height }
}

const smallest = (numbers: number[]) => numbers.reduce((a, b) => Math.min(a, b))
const largest = (numbers: number[]) => numbers.reduce((a, b) => Math.max(a, b))

describe('a watermark', () => {
  it.each(['image/jpeg', 'image/png', 'image/webp', 'image/gif'] as const)(
    '1.8 watermark: stands in the lower right corner of %s, dark and light, and changes nothing else',
    async (type) => {
      const marked = bytesOf(await (await watermark())(await plain(512, 512, type)))
      expect((await sharp(marked).metadata()).format).toBe(type.slice('image/'.length))
      const { marked: pixels, ground, width, height } = await greys(marked)
      expect([width, height]).toEqual([512, 512])
      expect(pixels.length, 'so many that it can be read').toBeGreaterThan(500)
      expect(smallest(pixels.map(({ x }) => x))).toBeGreaterThan(256)
      expect(smallest(pixels.map(({ y }) => y))).toBeGreaterThan(512 - 40)
      const tones = pixels.map(({ grey }) => grey)
      // Half transparent: neither quite black nor quite white.
      expect(smallest(tones)).toBeLessThan(ground - 25)
      expect(smallest(tones)).toBeGreaterThan(ground / 2 - 10)
      expect(largest(tones)).toBeGreaterThan(ground + 25)
      expect(largest(tones)).toBeLessThan(220)
    },
  )

  it('leaves pictures of 200 pixels as they are, and marks those of 201', async () => {
    const put = await watermark()
    const small = await plain(200, 140)
    expect(await put(small)).toBe(small)
    const larger = bytesOf(await put(await plain(201, 140)))
    expect((await greys(larger)).marked.length).toBeGreaterThan(50)
  })

  it.each([
    [1024, 1],
    [3, 512],
    [640, 17],
    [1024, 1024],
  ])('fits on a tile of %i x %i', async (width, height) => {
    const marked = bytesOf(await (await watermark())(await plain(width, height)))
    expect(await sharp(marked).metadata()).toMatchObject({ width, height })
  })

  it('1.8 watermark: gives nothing where it cannot be put: a broken image, or one larger than it says', async () => {
    const put = await watermark()
    const image = await plain(512, 512)
    const fault = { kind: 'bad-answer', why: 'type' }
    expect(await put({ ...image, bytes: Buffer.from(image.bytes.subarray(0, 60)) })).toMatchObject(
      fault,
    )
    expect(await put({ ...image, width: 300, height: 300 })).toMatchObject(fault)
  })

  it('takes the entity tag of the image server away', async () => {
    const image = await plain(512, 512)
    expect(await (await watermark())({ ...image, etag: '"theirs"' })).not.toHaveProperty('etag')
  })
})

describe("the library's mark", () => {
  it('is drawn in Latin, Greek and Cyrillic', async () => {
    for (const text of ['Ő', 'Zürich', 'Βιβλιοθήκη', 'Библиотека']) {
      expect((await textMark(text))?.width, text).toBeGreaterThan(40)
    }
  })

  it('may be a PNG, of which every pixel becomes half as strong', async () => {
    const file = join(testFolder(), 'mark.png')
    const { bytes } = await plain(300, 60)
    writeFileSync(file, bytes)
    const mark = await fileMark(file)
    expect(mark).toMatchObject({ width: 300, height: 60 })
    const { data } = await sharp(mark?.png).raw().toBuffer({ resolveWithObject: true })
    expect([...data.subarray(0, 4)]).toEqual([0x77, 0x77, 0x77, 128])
  })

  it('is refused in words that name the setting', async () => {
    const folder = testFolder()
    const jpeg = join(folder, 'mark.jpg')
    writeFileSync(jpeg, (await plain(30, 30, 'image/jpeg')).bytes)
    await expect(fileMark(jpeg)).rejects.toThrow(/WATERMARK_FILE: .*mark\.jpg: it is no PNG/)
    await expect(fileMark(join(folder, 'none.png'))).rejects.toThrow(/WATERMARK_FILE: .*missing/)
    await expect(textMark('図書館')).rejects.toThrow(/WATERMARK_TEXT: .*no character 図/)
  })

  it('is not wanted unless the settings say so', async () => {
    expect(await textMark('')).toBeUndefined()
  })
})

describe('images of a library with a watermark', () => {
  it('1.8 watermark: are not passed on while they come, for they are not marked yet', async () => {
    const image = await plain(512, 512)
    const coming = Promise.withResolvers<FoundImage>()
    const { flow } = createFlow(undefined)
    const tiles = tilesFrom({
      local: {
        ...nowhere,
        pixels: async () => ({ ...image, kind: 'coming', flow, whole: coming.promise, leave() {} }),
      },
      remote: nowhere,
      watermark: await watermark(),
      cacheBytes: 1e7,
      limits: { largestView: 640, largestTile: 1024 },
      log: SILENT,
      monotonic: () => 0,
    })
    const key = {
      barcode: 'A',
      version: 'v',
      image: { kind: 'plain', id: LOCAL_IMAGES, number: 1 },
    }
    const answer = tiles.image(key as ImageKey, 'full/max/0/default.png'.split('/'))
    coming.resolve(image)
    const { kind } = await answer
    expect(kind).toBe('image')
  })

  const TILE = '0,0,512,512/512,512/0/default.jpg'
  const SMALL = 'full/100,/0/default.jpg'

  /** Ann reads A, page scans, and bob B, of an image server. */
  async function reading(ini: string) {
    const image = { api: 2, width: 1000, height: 1500, tile: 512, names: ['p1'] } as const
    const upstream = await iiifUpstream(image)
    onTestFinished(() => upstream.close())
    const site = await startSite({ ini: imagesFrom(upstream) + ini })
    await site.addItem('A', { pages: 1 })
    await addRemoteItem(site, upstream, 'B', image)
    await site.post('ann', '/loan', { barcode: 'A' })
    await site.post('bob', '/loan', { barcode: 'B' })
    const get = async (who: string, item: string, path: string) => {
      const answer = await site.as(who, `/iiif/${item}/1/${path}`)
      if (answer.status !== 200) throw new Error(`${item} ${path}: ${answer.status}`)
      const bytes = new Uint8Array(await answer.arrayBuffer())
      return { etag: answer.headers.get('etag'), bytes }
    }
    return { get, targets: upstream.targets }
  }

  it.each([
    ['ann', 'A'],
    ['bob', 'B'],
  ])(
    '1.8 watermark: that %s reads bear it, once made, under another ETag; small ones do not',
    async (who, item) => {
      const without = await reading('')
      const { get, targets } = await reading('WATERMARK_TEXT = Example Library')
      const bare = await without.get(who, item, TILE)
      const marked = await get(who, item, TILE)
      expect(await differences(bare.bytes, marked.bytes)).toBeGreaterThan(500)
      expect(marked.etag).not.toBe(bare.etag)
      const asked = targets.length
      expect(await get(who, item, TILE)).toEqual(marked)
      expect(targets.length, 'it is kept as it was marked').toBe(asked)
      expect(await get(who, item, SMALL)).toEqual(await without.get(who, item, SMALL))
    },
  )
})

/** How many pixels of two images are not alike. */
async function differences(one: Uint8Array, other: Uint8Array): Promise<number> {
  const [a, b] = await Promise.all(
    [one, other].map((bytes) => sharp(bytes).greyscale().raw().toBuffer()),
  )
  return [...(a ?? [])].filter((grey, at) => Math.abs(grey - (b?.[at] ?? 0)) > 8).length
}
