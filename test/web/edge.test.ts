import { describe, expect, it } from 'vitest'
import { HOUR, SECOND } from '../../src/clock.ts'
import { startSite } from '../support/site.ts'

const TILE = '/iiif/A/1/0,0,512,512/256,/0/default.jpg'
const INFO = '/iiif/A/1/info.json'

async function library(ini = '') {
  const site = await startSite({ ini })
  for (const item of ['A', 'B']) await site.addItem(item)
  await site.post('ann', '/loan', { barcode: 'A' })
  const version = (await site.as('ann', '/edge/A')).headers.get('x-carrel-version') ?? ''
  return { site, version }
}

// Verbose: the slow way for all. Normal: a yes is said before the router.
describe.each(['normal', 'verbose'])('what an edge asks before it sends a tile (%s)', (mode) => {
  const reading = (ini = '') => library(`RUN_MODE = ${mode}\n${ini}`)

  it('is 204 with a version for who has the item on loan, and a refusal for anybody else', async () => {
    const { site, version } = await reading()
    expect(version).toMatch(/^[\w-]{20,}$/)
    const asked: [string | undefined, string, number][] = [
      ['ann', '/edge/A', 204],
      ['ann', '/edge/A/1', 204],
      ['ann', '/edge/B', 403],
      ['bob', '/edge/A', 403],
      ['lee', '/edge/A', 403],
      [undefined, '/edge/A', 401],
      ['ann', '/edge/A/0', 404],
      ['ann', '/edge/none', 403],
    ]
    for (const [name, path, status] of asked) {
      const answer = await site.as(name, path)
      expect(answer.status, `${name} ${path}`).toBe(status)
      if (status === 204) continue
      expect(answer.headers.get('cache-control'), path).toBe('no-store')
      for (const header of ['x-carrel-version', 'x-accel-expires']) {
        expect(answer.headers.get(header), `${path} ${header}`).toBeNull()
      }
    }
    await site.post('ann', '/return/A')
    expect((await site.as('ann', '/edge/A')).status).toBe(403)
  })

  it('says how long the answer may be kept: not past the end of the loan', async () => {
    const { site } = await reading()
    const said = async () => {
      const { status, headers } = await site.as('ann', '/edge/A')
      return [status, headers.get('x-accel-expires'), headers.get('cache-control')]
    }
    expect(await said()).toEqual([204, '1', 'private, max-age=300'])
    site.clock.t += 2 * HOUR - 10 * SECOND
    expect(await said()).toEqual([204, '1', 'private, max-age=9'])
    site.clock.t += 9 * SECOND
    expect(await said()).toEqual([204, '0', 'private, max-age=0'])
    site.clock.t += SECOND
    expect(await said()).toEqual([403, null, 'no-store'])
  })

  it('1.8 bulk download: counts the pages that an edge serves', async () => {
    const { site } = await reading('PAGES_PER_HOUR = 1')
    for (const [path, status] of [
      ['/edge/A/1', 204],
      ['/edge/A/2', 429],
      ['/edge/A', 204],
      ['/iiif/A/2/full/400,/0/default.jpg', 429],
    ] as const) {
      expect((await site.as('ann', path)).status, path).toBe(status)
    }
  })
})

describe('what an edge may keep', () => {
  it('is an image or its info.json, asked for under the version of the loan; nothing else', async () => {
    const { site, version } = await library()
    const life = async (path: string, asking = version, name = 'ann') => {
      const answer = await site.as(name, path, { headers: { 'x-carrel-version': asking } })
      return [answer.status, answer.headers.get('x-accel-expires')]
    }
    for (const path of [TILE, INFO]) {
      // The second time it comes out of Carrel's own memory.
      for (let n = 0; n < 2; n++) expect(await life(path)).toEqual([200, '86400'])
      expect(await life(path, `${version}x`)).toEqual([200, null])
      expect((await site.as('ann', path)).headers.get('x-accel-expires')).toBeNull()
      expect(await life(path, version, 'bob')).toEqual([403, null])
    }
    expect(await life('/iiif/A/1/full/max/0/default.jpg')).toEqual([403, null])
    expect(await life('/iiif/A/9/info.json')).toEqual([404, null])
    expect(await life('/iiif/A/1/full/x/0/default.jpg')).toEqual([400, null])
    expect(await life('/manifests/A')).toEqual([200, null])
  })

  it('has another version under other limits', async () => {
    const versions = new Set<string>()
    for (const ini of ['', 'LARGEST_VIEW = 500', 'LARGEST_TILE = 512']) {
      versions.add((await library(ini)).version.replace(/^.*-/, ''))
    }
    expect(versions.size).toBe(3)
  })
})
