import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HOUR } from '../../src/clock.ts'
import { testFolder } from '../support/folder.ts'
import { type IiifUpstream, iiifUpstream } from '../support/iiif-upstream.ts'
import { addRemoteItem, imagesFrom, putRemoteManifest } from '../support/remote-item.ts'
import { type Site, startSite } from '../support/site.ts'

const TOKEN = 'a-token-for-the-tests'
const TILE = '/iiif/A/1/0,0,512,512/512,/0/default.jpg'
const PAGE = { api: 2, width: 2000, height: 3000 } as const

interface Library {
  readonly upstream: IiifUpstream
  readonly folder: string
  /** The first Carrel, which keeps images on disk. */
  readonly site: Site
  /** Starts another over the same files. */
  start(ini?: string): Promise<Site>
  /** Whether these bytes lie anywhere in the folder of the cache. */
  holds(bytes: Buffer): boolean
}

/** Item `A`, on loan to ann, whose only image is on an image server. */
async function library(): Promise<Library> {
  const folder = testFolder()
  const upstream = await iiifUpstream(PAGE)
  onTestFinished(upstream.close)
  const cache = join(folder, 'data/tile-cache')
  const start = (ini = 'IIIF_DISK_CACHE_MB = 16') =>
    startSite({ folder, ini: `${imagesFrom(upstream)}METRICS_TOKEN = ${TOKEN}\n${ini}` })
  const site = await start()
  await addRemoteItem(site, upstream, 'A', { ...PAGE, names: ['x'] })
  await site.post('ann', '/loan', { barcode: 'A' })
  return {
    upstream,
    folder,
    site,
    start,
    holds: (bytes) =>
      existsSync(cache) &&
      readdirSync(cache).some((name) => readFileSync(join(cache, name)).includes(bytes)),
  }
}

/** Asks for the tile until it is on disk. */
async function keptTile(site: Site): Promise<{ bytes: Buffer; etag: string | null }> {
  const answer = await site.as('ann', TILE)
  expect(answer.status).toBe(200)
  const bytes = Buffer.from(await answer.arrayBuffer())
  await expect
    .poll(async () => {
      await site.sweep()
      return level(site, 'carrel_disk_cache_images')
    })
    .toBe(2)
  return { bytes, etag: answer.headers.get('etag') }
}

async function level(site: Site, name: string): Promise<number> {
  const headers = { authorization: `Bearer ${TOKEN}` }
  const text = await (await site.as(undefined, '/metrics', { headers })).text()
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1])
}

describe('images on disk', () => {
  it('2 Cantaloupe: are served after a restart without the image server, behind the same gates', async () => {
    const { upstream, site: before, start } = await library()
    const kept = await keptTile(before)
    await before.stop()
    await upstream.close()
    const asked = upstream.targets.length
    const site = await start()
    const answer = await site.as('ann', TILE)
    expect(answer.status).toBe(200)
    expect(Buffer.from(await answer.arrayBuffer()).equals(kept.bytes)).toBe(true)
    expect(answer.headers.get('etag')).toBe(kept.etag)
    expect(answer.headers.get('content-type')).toBe('image/jpeg')
    expect(answer.headers.get('cache-control')).toMatch(/^private, max-age=\d+$/)
    expect(await level(site, 'carrel_disk_cache_hits_total')).toBe(2)
    expect(await level(site, 'carrel_disk_cache_bytes')).toBeGreaterThan(0)
    expect((await site.as('ben', TILE)).status).toBe(403)
    expect((await site.as(undefined, TILE)).status).toBe(401)
    expect((await site.as('ann', '/iiif/A/1/full/full/0/default.jpg')).status).toBe(403)
    site.clock.t += 3 * HOUR
    expect((await site.as('ann', TILE)).status).toBe(403)
    expect(upstream.targets).toHaveLength(asked)
  })

  it('1.5 disk: are not those of another manifest, of another watermark or of larger limits', async () => {
    const { upstream, site, start } = await library()
    const kept = await keptTile(site)
    await site.stop()
    const tiles = () => upstream.targets.filter((target) => target.includes('/0,0,512,512/'))
    expect(tiles()).toHaveLength(1)

    const marked = await start('IIIF_DISK_CACHE_MB = 16\nWATERMARK_TEXT = Library')
    const bytes = Buffer.from(await (await marked.as('ann', TILE)).arrayBuffer())
    expect(bytes.equals(kept.bytes)).toBe(false)
    expect(tiles()).toHaveLength(2)
    await marked.stop()

    const narrow = await start('IIIF_DISK_CACHE_MB = 16\nLARGEST_TILE = 400\nLARGEST_VIEW = 400')
    expect((await narrow.as('ann', TILE)).status).toBe(403)
    await narrow.post('ann', '/return/A')
    putRemoteManifest(narrow, upstream, 'A', { ...PAGE, names: ['y'] })
    await narrow.stop()

    const anew = await start()
    await anew.post('ben', '/loan', { barcode: 'A' })
    expect((await anew.as('ben', TILE)).status).toBe(200)
    expect(tiles().map((target) => target.split('/')[2])).toEqual(['x', 'x', 'y'])
  })

  it('2 Cantaloupe: are overwritten soon after the item is removed, or shut and read by nobody', async () => {
    const { site, holds } = await library()
    const { bytes } = await keptTile(site)
    const trace = bytes.subarray(100, 200)
    expect(holds(trace)).toBe(true)
    // Whoever still reads it may go on.
    await site.post('lee', '/ready', { barcode: 'A', ready: 'no', readers: 'finish' })
    await site.sweep()
    expect(holds(trace)).toBe(true)
    await site.post('ann', '/return/A')
    await site.sweep()
    expect(holds(trace)).toBe(false)
    expect(site.log).toContainEqual(expect.objectContaining({ msg: 'disk-cache.forgot', items: 1 }))

    await site.post('lee', '/ready', { barcode: 'A', ready: 'yes' })
    await site.post('ben', '/loan', { barcode: 'A' })
    // The first one is still in memory, and so not put on disk again.
    await site.as('ben', TILE.replace('0,0,', '512,512,'))
    await expect.poll(() => holds(trace)).toBe(true)
    await site.post('ben', '/return/A')
    await site.sweep()
    expect(holds(trace)).toBe(true)
    await site.post('lee', '/remove', { barcode: 'A' })
    await site.sweep()
    expect(holds(trace)).toBe(false)
  })

  it('are gone at the next start without the setting', async () => {
    const { folder, site, start, holds } = await library()
    const { bytes } = await keptTile(site)
    await site.stop()
    expect(holds(bytes.subarray(100, 200))).toBe(true)
    writeFileSync(join(folder, 'data/tile-cache/notes.txt'), 'of somebody else')
    await start('')
    expect(readdirSync(join(folder, 'data/tile-cache'))).toEqual(['notes.txt'])
  })

  it('2 Cantaloupe: that cannot be written or read harm no reader', async () => {
    const { folder, site: before, start } = await library()
    await before.stop()
    writeFileSync(join(folder, 'a-file'), '')
    const ini = 'IIIF_DISK_CACHE_MB = 16\nIIIF_DISK_CACHE_DIR = a-file/cache'
    const site = await start(ini)
    expect((await site.as('ann', TILE)).status).toBe(200)
    await site.sweep()
    expect(site.log.filter(({ msg }) => msg.startsWith('disk-cache'))).toMatchObject([
      { msg: 'disk-cache.fault' },
    ])
  })
})
