import sharp from 'sharp'
import { afterEach, describe, expect, it } from 'vitest'
import type { Log } from '../../src/log.ts'
import { remoteSource } from '../../src/sources/remote.ts'
import { tilesFrom } from '../../src/tiles/serve.ts'
import { answer, type FaultUpstream, faultUpstream } from '../support/fault-upstream.ts'
import { faults } from '../support/faults.ts'
import { infoJson } from '../support/iiif-upstream.ts'

const MB = 1024 * 1024
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function upstreamAndSource(): Promise<[FaultUpstream, ReturnType<typeof remoteSource>]> {
  const upstream = await faultUpstream()
  const source = remoteSource()
  closing.push(() => upstream.close(), source.close)
  return [upstream, source]
}

const noisy = (side: number, quality: number) =>
  sharp({
    create: {
      width: side,
      height: side,
      channels: 3,
      background: 'red',
      noise: { type: 'gaussian', mean: 128, sigma: 80 },
    },
  })
    .jpeg({ quality, chromaSubsampling: '4:4:4' })
    .toBuffer()

describe('memory', () => {
  it('1.5 memory: twenty times as many images as fit leave it bounded', async () => {
    const [upstream, remote] = await upstreamAndSource()
    const tile = await noisy(800, 100)
    const most = 16 * MB
    const times = Math.ceil((20 * most) / tile.length)
    expect(tile.length, 'one image').toBeLessThan(most / 8)
    const info = JSON.stringify(infoJson({ api: 2, width: 9000, height: 9000 }, 'http://u'))
    upstream.play((socket, { target }) => {
      const isInfo = target.endsWith('info.json')
      socket.write(isInfo ? answer(info, { type: 'application/json' }) : answer(tile))
    })
    const quiet = () => {}
    const log = { debug: quiet, info: quiet, warn: quiet, error: quiet } as Log
    const limits = { largestView: 640, largestTile: 1024 }
    const monotonic = () => performance.now()
    const local = remote
    const tiles = tilesFrom({ local, remote, cacheBytes: most, limits, log, monotonic })
    const id = `${upstream.origin}/iiif/x`
    const key = {
      barcode: 'A',
      version: 'v1',
      image: { kind: 'service', id, api: 2, number: 1 },
    } as const
    const ask = (n: number) =>
      tiles.image(key, [`${n},0,800,800`, '800,', '0', 'default.jpg']).then(async (got) => {
        if (got.kind !== 'coming-image') return
        for (let part = 0; Buffer.isBuffer(await got.flow.part(part)); part++);
      })
    await ask(0)
    const before = process.memoryUsage().rss
    for (let n = 1; n < times; n++) await ask(n)
    const { rss } = process.memoryUsage()
    const grown = (rss - before) / MB
    expect(upstream.targets.length).toBe(times + 1)
    // What the collector has not yet thrown away is in it: 1.25 times the cache and 150 MB.
    expect(grown, 'MB, of 320 that came').toBeLessThan(1.25 * 16 + 150)
  })

  it('4.1 cap: an answer without end is given up at 32 MB, and takes less than twice that', async () => {
    const [upstream, remote] = await upstreamAndSource()
    upstream.play(faults(await noisy(300, 80))['huge-chunked'])
    const image = { kind: 'service', id: `${upstream.origin}/iiif/x`, api: 2 } as const
    const before = process.memoryUsage().rss
    const got = await remote.pixels(image, 'full/300,/0/default.jpg')
    const whole = got.kind === 'coming' ? await got.whole : got
    expect(whole).toMatchObject({ kind: 'bad-answer', why: 'toolarge' })
    expect((process.memoryUsage().rss - before) / MB).toBeLessThan(64)
  })
})
