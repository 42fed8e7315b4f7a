import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from '../../src/clock.ts'
import { startSite } from '../support/site.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever the server says, the assertions check it
const json = (answer: Response): Promise<any> => answer.json()

/** Answers that may hold nothing of a book. */
async function holdsNoPage(answer: Response): Promise<void> {
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
  expect(Object.keys(JSON.parse(await answer.text())).sort()).toEqual(['error', 'message'])
  expect(answer.headers.get('cache-control')).toBe('no-store')
}

describe('the gate before manifest, info.json and images', () => {
  it('lets nobody in without a loan, and nobody but the borrower with one', async () => {
    const site = await startSite()
    const a = await site.addItem('A')
    await site.addItem('B')
    await site.post('ann', '/loan', { barcode: a })
    const paths = (item: string) => [
      `/manifests/${item}`,
      `/iiif/${item}/1/info.json`,
      `/iiif/${item}/1/full/90,135/0/default.jpg`,
      `/iiif/${item}/1/0,0,512,512/512,512/0/default.jpg`,
    ]
    for (const path of paths('A')) {
      expect((await site.as('ann', path)).status, `ann, ${path}`).toBe(200)
      const [stranger, bob, lee] = await Promise.all(
        [undefined, 'bob', 'lee'].map((who) => site.as(who, path)),
      )
      expect([stranger!.status, bob!.status, lee!.status], path).toEqual([401, 403, 403])
      for (const answer of [stranger!, bob!, lee!]) await holdsNoPage(answer)
    }
    for (const path of paths('B')) {
      const answer = await site.as('ann', path)
      expect(answer.status, path).toBe(403)
      await holdsNoPage(answer)
    }
  })

  it('closes at the due instant, without any sweep, and at once after a return', async () => {
    const site = await startSite()
    const a = await site.addItem('A', { copies: 2 })
    const tile = '/iiif/A/1/0,0,512,512/512,512/0/default.jpg'
    await site.post('ann', '/loan', { barcode: a })
    await site.post('bob', '/loan', { barcode: a })
    site.clock.t += 2 * HOUR - 1
    expect((await site.as('ann', tile)).status).toBe(200)
    await site.post('bob', '/return/A')
    expect((await site.as('bob', tile)).status).toBe(403)
    site.clock.t += 1
    expect((await site.as('ann', tile)).status).toBe(403)
  })

  it('gives no whole page, however the page is asked for', async () => {
    const site = await startSite()
    const a = await site.addItem('A')
    await site.post('ann', '/loan', { barcode: a })
    const status = async (path: string) =>
      (await site.as('ann', `/iiif/A/1/${path}/0/default.jpg`)).status
    for (const path of [
      'full/max',
      'full/1000,1500',
      'full/800,',
      '0,0,1000,1500/800,1200',
      'pct:0,0,100,100/800,1200',
      'square/700,700',
      '0,0,501,751/701,1051',
    ]) {
      // Two spellings of a size belong to one version of the Image API each: both are a "no" here.
      expect([400, 403], path).toContain(await status(path))
    }
    expect(await status('full/max'), 'never scaled down in silence').toBe(403)
    expect(await status('full/426,640')).toBe(200)
    expect(await status('0,0,500,500/500,500')).toBe(200)
  })

  it('knows no image that the manifest does not number', async () => {
    const site = await startSite()
    const a = await site.addItem('A', { pages: 2 })
    await site.post('ann', '/loan', { barcode: a })
    for (const number of ['0', '3', '-1', '01', '1e0', 'A', '99999999999']) {
      expect((await site.as('ann', `/iiif/A/${number}/info.json`)).status, number).toBe(404)
    }
    expect((await site.as('ann', '/iiif/A/2/info.json')).status).toBe(200)
    expect((await site.as('ann', '/iiif/A/1/full/bogus/0/default.jpg')).status).toBe(400)
  })

  it('1.8 asks again before the first byte', async () => {
    const site = await startSite()
    const a = await site.addItem('A')
    await site.post('ann', '/loan', { barcode: a })
    const { now } = site.clock
    let asked = 0
    // The first question is answered while the loan runs, the next one after it.
    site.clock.now = function () {
      return this.t + (asked++ === 0 ? 0 : 2 * HOUR)
    }
    expect((await site.as('ann', '/iiif/A/1/0,0,400,400/400,400/0/default.jpg')).status).toBe(403)
    expect(asked).toBeGreaterThan(1)
    site.clock.now = now
  })
})

describe('what a browser may keep', () => {
  it('1.8 browser cache: is private, lasts five minutes at most, and never longer than the loan', async () => {
    const site = await startSite()
    const a = await site.addItem('A')
    await site.post('ann', '/loan', { barcode: a })
    const tile = '/iiif/A/1/0,0,512,512/512,512/0/default.jpg'
    const early = await site.as('ann', tile)
    expect(early.headers.get('cache-control')).toBe('private, max-age=300')
    expect(early.headers.get('vary')).toBe('Cookie, REMOTE_USER')
    site.clock.t += 2 * HOUR - 90_500
    expect((await site.as('ann', '/iiif/A/1/info.json')).headers.get('cache-control')).toBe(
      'private, max-age=90',
    )
    expect((await site.as('ann', '/manifests/A')).headers.get('cache-control')).toBe(
      'private, no-store',
    )
  })

  it('1.8 browser cache: is confirmed by 304 behind the gate, and not before it', async () => {
    const site = await startSite()
    const a = await site.addItem('A')
    await site.post('ann', '/loan', { barcode: a })
    for (const path of ['/iiif/A/1/info.json', '/iiif/A/1/0,0,512,512/512,512/0/default.jpg']) {
      const etag = (await site.as('ann', path)).headers.get('etag')!
      expect(etag).toMatch(/^"[\w-]{10,}"$/)
      const headers = { 'if-none-match': etag }
      expect((await site.as('ann', path, { headers })).status).toBe(304)
      expect((await site.as('bob', path, { headers })).status).toBe(403)
      const head = await site.as('ann', path, { method: 'HEAD' })
      expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, etag, ''])
      expect((await site.as('bob', path, { method: 'HEAD' })).status).toBe(403)
    }
  })

  it('1.8 browser cache: is thrown away when the item is returned', async () => {
    const site = await startSite()
    const a = await site.addItem('A')
    await site.post('ann', '/loan', { barcode: a })
    expect((await site.post('ann', '/return/A')).headers.get('clear-site-data')).toBe('"cache"')
  })
})

describe('a manifest as the reader gets it', () => {
  it('names itself and our images, and nothing of the image files', async () => {
    const site = await startSite()
    const a = await site.addItem('A', { pages: 3 })
    await site.post('ann', '/loan', { barcode: a })
    const text = await (await site.as('ann', '/manifests/A')).text()
    const manifest = JSON.parse(text)
    expect(manifest.id).toBe(`${site.url}/manifests/A`)
    expect(manifest.items).toHaveLength(3)
    expect(text).not.toContain('carrel.invalid')
    const services = [...text.matchAll(/"id":"([^"]*\/iiif\/[^"/]*\/\d+)"/g)].map(([, id]) => id)
    expect(services).toEqual([1, 2, 3].map((n) => `${site.url}/iiif/A/${n}`))
    const info = await json(await site.as('ann', '/iiif/A/2/info.json'))
    expect(info.id).toBe(`${site.url}/iiif/A/2`)
    expect(info).toMatchObject({ width: 1000, height: 1500 })
    expect(
      Math.max(...info.sizes.map((size: { height: number }) => size.height)),
    ).toBeLessThanOrEqual(640)
  })

  it('stays the one that the loan began with, through a replacement, a fault and a restart', async () => {
    const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs')
    const { tmpdir } = await import('node:os')
    const { join } = await import('node:path')
    const { manifestFile, manifestOf } = await import('../support/site.ts')
    const folder = mkdtempSync(join(tmpdir(), 'carrel-test-'))
    const first = await startSite({ folder })
    const a = await first.addItem('A', { pages: 2, copies: 2 })
    await first.post('ann', '/loan', { barcode: a })
    const lent = await json(await first.as('ann', '/manifests/A'))

    const swapped = JSON.parse(manifestOf(first, 'A'))
    swapped.items.reverse()
    writeFileSync(manifestFile(first, 'A'), JSON.stringify(swapped))
    await first.post('bob', '/loan', { barcode: a })
    const bobs = await json(await first.as('bob', '/manifests/A'))
    expect(bobs.items[0].label, 'the replacement is another manifest').not.toEqual(
      lent.items[0].label,
    )

    writeFileSync(manifestFile(first, 'A'), '{"half": ')
    await first.sweep()
    await first.stop()
    const second = await startSite({ folder, clock: first.clock })
    const [annsNow, bobsNow] = await Promise.all(
      ['ann', 'bob'].map(async (who) => json(await second.as(who, '/manifests/A'))),
    )
    expect(annsNow.items.map((canvas: { label: unknown }) => canvas.label)).toEqual(
      lent.items.map((canvas: { label: unknown }) => canvas.label),
    )
    expect(bobsNow.items.map((canvas: { label: unknown }) => canvas.label)).toEqual(
      bobs.items.map((canvas: { label: unknown }) => canvas.label),
    )
    expect((await second.as('ann', '/iiif/A/1/info.json')).status).toBe(200)
    expect((await second.as('carl', '/item-status/A')).status).toBe(200)
    expect(await (await second.as('carl', '/item-status/A')).json()).toMatchObject({
      available: false,
      explanation: expect.stringMatching(/not available/),
    })
    const list = await (await second.as('lee', '/list')).text()
    expect(list).toContain('Manifest invalid')
    rmSync(folder, { recursive: true, force: true })
  })
})

describe('a loan seen by the clock of the server', () => {
  it('says when it is due and what time it is', async () => {
    const site = await startSite()
    const a = await site.addItem('A')
    await site.post('ann', '/loan', { barcode: a })
    site.clock.t += 5 * MINUTE
    expect(await (await site.as('ann', '/item-status/A')).json()).toEqual({
      available: false,
      loaned_by_user: true,
      explanation: 'You have this item on loan until today at 13:00 CET.',
      when_available: null,
      due_at: '2026-01-02T12:00:00.000Z',
      now: '2026-01-02T10:05:00.000Z',
    })
  })
})
