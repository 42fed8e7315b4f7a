import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Log } from '../../src/log.ts'
import { remoteSource } from '../../src/sources/remote.ts'
import type { Source, SourceImage } from '../../src/sources/source.ts'
import type { ImageKey } from '../../src/tiles/fetched.ts'
import { tilesFrom } from '../../src/tiles/serve.ts'
import {
  answer,
  type FaultUpstream,
  faultUpstream,
  type Script,
} from '../support/fault-upstream.ts'
import { type IiifUpstream, iiifUpstream, infoJson } from '../support/iiif-upstream.ts'

const limits = { largestView: 640, largestTile: 1024 }
const ID = 'https://lend.example/iiif/b1/1'
const path = (text: string) => text.split('/')
const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A log that can be read. */
function listening() {
  const lines: { level: string; event: string; line: Record<string, unknown> }[] = []
  const at = (level: string) => (line: unknown, event?: string) =>
    void lines.push({ level, event: event ?? '', line: line as Record<string, unknown> })
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } as Log
  return { log, lines }
}

const nowhere: Source = {
  info: async () => ({ kind: 'not-found', detail: {} }),
  pixels: async () => ({ kind: 'not-found', detail: {} }),
}

function serving(
  log: Log = listening().log,
  cacheBytes = 1e7,
  monotonic = () => performance.now(),
) {
  const remote = remoteSource({ wholeMs: 2_000, headersMs: 1_000 })
  closing.push(() => remote.close())
  return tilesFrom({ local: nowhere, remote, cacheBytes, limits, log, monotonic })
}

const keyOf = (image: SourceImage, version = 'v1', number = 1): ImageKey => ({
  barcode: 'b1',
  version,
  image: { ...image, number },
})

describe.each([2, 3] as const)('tiles of an image server that speaks version %i', (api) => {
  let upstream: IiifUpstream
  let key: ImageKey
  beforeEach(async () => {
    upstream = await iiifUpstream({ api, width: 2000, height: 3000, tile: 1024, delayMs: 20 })
    closing.push(() => upstream.close())
    key = keyOf({ kind: 'service', id: upstream.service('page-1'), api })
  })
  const images = () => upstream.targets.filter((target) => !target.endsWith('info.json'))

  it('asks once for what 50 readers want at once, however they write it', async () => {
    const tiles = serving()
    const forms = ['full/400,', 'full/400,600', 'pct:0,0,100,100/,600', '0,0,2000,3000/!400,600']
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => tiles.image(key, path(`${forms[i % 4]}/0/default.jpg`))),
    )
    expect(answers.every((one) => one.kind === 'image' && one === answers[0])).toBe(true)
    expect(images()).toEqual([`/iiif/page-1/full/${api === 2 ? '400,' : '400,600'}/0/default.jpg`])
    expect(upstream.targets).toHaveLength(2)
  })

  it('gives an image of the size asked for, with a strong ETag that is the same each time', async () => {
    const tiles = serving()
    const got = await tiles.image(key, path('1536,0,1024,1024/,512/0/default.jpg'))
    if (got.kind !== 'image') throw new Error(got.kind)
    expect(await sharp(got.bytes).metadata()).toMatchObject({ width: 232, height: 512 })
    expect(got.etag).toMatch(/^"[\w-]{22}"$/)
    expect(await serving().image(key, path('1536,0,464,1024/232,512/0/default.jpg'))).toEqual(got)
  })

  it('gives info.json with our id and nothing that names the image server', async () => {
    const got = await serving().info(key, ID)
    if (got.kind !== 'info') throw new Error(got.kind)
    expect(got.document[api === 2 ? '@id' : 'id']).toBe(ID)
    expect(JSON.stringify(got.document)).not.toMatch(/127\.0\.0\.1|upstream\.example/)
    expect(got.document).toMatchObject({ tiles: [{ width: 512, height: 512 }] })
  })

  it('refuses whole pages and bad requests without asking for a pixel', async () => {
    const tiles = serving()
    const whole = api === 2 ? 'full/full' : 'full/max'
    expect(await tiles.image(key, path(`${whole}/0/default.jpg`))).toEqual({ kind: 'too-large' })
    for (const bad of ['full/0,/0/default.jpg', 'full/90,/7/default.jpg', '../../secret', '']) {
      expect((await tiles.image(key, path(bad))).kind).toBe('bad-request')
    }
    expect(images()).toEqual([])
  })

  it('does not mix up numbers and versions of a manifest', async () => {
    const tiles = serving()
    const other = { kind: 'service', id: upstream.service('page-2'), api } as const
    for (const one of [key, keyOf(other, 'v2', 1), keyOf(other, 'v1', 2)]) {
      await tiles.image(one, path('full/90,/0/default.jpg'))
    }
    expect(images().map((target) => target.split('/')[2])).toEqual(['page-1', 'page-2', 'page-2'])
  })

  it('goes on giving what it has when the image server is gone', async () => {
    const tiles = serving()
    const before = await tiles.image(key, path('full/90,/0/default.jpg'))
    await upstream.close()
    expect(await tiles.image(key, path('full/90,/0/default.jpg'))).toBe(before)
    expect((await tiles.info(key, ID)).kind).toBe('info')
    expect(await tiles.image(key, path('full/91,/0/default.jpg'))).toEqual({
      kind: 'upstream',
      status: 502,
    })
  })
})

describe('tiles of an image server that fails', () => {
  let upstream: FaultUpstream
  let key: ImageKey
  beforeEach(async () => {
    upstream = await faultUpstream()
    closing.push(() => upstream.close())
    key = keyOf({ kind: 'service', id: `${upstream.origin}/iiif/x`, api: 2 })
  })
  const info = JSON.stringify(infoJson({ api: 2, width: 2000, height: 3000 }, 'http://u/info.json'))
  const play = (pixels: Script) =>
    upstream.play((socket, request) =>
      request.target.endsWith('info.json')
        ? socket.end(answer(info, { type: 'application/json' }))
        : pixels(socket, request),
    )
  const status = (code: number, headers = '') =>
    play((s) => s.end(answer('X', { status: code, headers })))

  it.each([
    [404, { kind: 'no-such-image' }, 'info', 'upstream.not-found'],
    [400, { kind: 'bad-request' }, 'debug', 'upstream.refused'],
    [403, { kind: 'upstream', status: 502 }, 'error', 'upstream.denied'],
    [429, { kind: 'upstream', status: 503, retryAfterS: 5 }, 'warn', 'upstream.busy'],
    [500, { kind: 'upstream', status: 502 }, 'warn', 'upstream.status'],
    [504, { kind: 'upstream', status: 504 }, 'warn', 'upstream.timeout'],
  ])(
    'turns %i into an answer and one line of the log, and keeps neither for long',
    async (code, expected, level, event) => {
      const { log, lines } = listening()
      let now = 1
      const tiles = serving(log, 1e7, () => now)
      status(code)
      const ask = () => tiles.image(key, path('full/90,/0/default.jpg'))
      const answers = await Promise.all([ask(), ask(), ask()])
      for (const one of answers) expect(one).toMatchObject(expected)
      expect(JSON.stringify(answers)).not.toContain('127.0.0.1')
      expect(lines).toMatchObject([
        { level, event, line: { barcode: 'b1', image: 1, status: code } },
      ])
      const good = await sharp({
        create: { width: 90, height: 135, channels: 3, background: 'red' },
      })
        .jpeg()
        .toBuffer()
      play((socket) => socket.end(answer(good)))
      now += 10_001
      expect((await ask()).kind).toBe('image')
    },
  )

  it('does not let a server that ignores the size hand out a whole page', async () => {
    const { log, lines } = listening()
    const page = await sharp({
      create: { width: 2000, height: 3000, channels: 3, background: 'red' },
    })
      .jpeg()
      .toBuffer()
    play((socket) => socket.end(answer(page)))
    const got = await serving(log).image(key, path('full/90,/0/default.jpg'))
    expect(got).toEqual({ kind: 'upstream', status: 502 })
    expect(lines).toMatchObject([{ event: 'upstream.toolarge' }])
  })

  it('answers 502 for an info.json that is none, and for a level 0 whose tiles do not fit', async () => {
    const { log, lines } = listening()
    const level0 = infoJson(
      { api: 2, width: 2000, height: 3000, tile: 1024, level: 0 },
      'http://u/info.json',
    )
    for (const body of ['<html>', '{"width": 5}', JSON.stringify(level0)]) {
      upstream.play((socket) => socket.end(answer(body, { type: 'application/json' })))
      expect(await serving(log).info(key, ID)).toEqual({ kind: 'upstream', status: 502 })
    }
    expect(lines.map(({ event }) => event)).toEqual(Array(3).fill('upstream.info'))
  })

  it('serves an image without a service whole, if it is itself a small view', async () => {
    const plain = keyOf({ kind: 'plain', id: `${upstream.origin}/images/cover.png` })
    const image = (width: number) =>
      sharp({ create: { width, height: 9, channels: 3, background: 'red' } })
        .png()
        .toBuffer()
    const small = await image(640)
    upstream.play((socket) => socket.end(answer(small, { type: 'image/png' })))
    const tiles = serving()
    for (const form of ['full/max/0/default.jpg', 'full/full/0/default.jpg']) {
      expect(await tiles.image(plain, path(form))).toMatchObject({
        kind: 'image',
        type: 'image/png',
      })
    }
    expect(upstream.targets).toEqual(['/images/cover.png'])
    for (const form of [
      'full/90,/0/default.jpg',
      '0,0,5,5/max/0/default.jpg',
      'full/max/90/default.jpg',
    ]) {
      expect((await tiles.image(plain, path(form))).kind).toBe('bad-request')
    }
    expect((await tiles.info(plain, ID)).kind).toBe('no-such-image')
    const large = await image(641)
    upstream.play((socket) => socket.end(answer(large, { type: 'image/png' })))
    const other = keyOf({ kind: 'plain', id: `${upstream.origin}/images/large.png` }, 'v1', 2)
    for (const _ of [1, 2]) {
      expect(await tiles.image(other, path('full/max/0/default.jpg'))).toEqual({
        kind: 'too-large',
      })
    }
    expect(upstream.targets.filter((target) => target.includes('large'))).toHaveLength(1)
  })
})
