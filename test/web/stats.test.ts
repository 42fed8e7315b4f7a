import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from '../../src/clock.ts'
import { type Site, startSite } from '../support/site.ts'

const page = async (site: Site, path: string) => (await site.as('lee', path)).text()
const figure = (html: string, name: string) =>
  new RegExp(`<dt>${name}</dt><dd>([^<]*)</dd>`).exec(html)?.[1]

/** Two loans of A that have ended, one by the reader; two turn-aways; one reader now. */
async function siteWithHistory(): Promise<Site> {
  const site = await startSite()
  await site.addItem('A', { pages: 1 })
  await site.post('patron.one', '/loan', { barcode: 'A' })
  await site.post('patron.two', '/loan', { barcode: 'A' })
  await site.as('patron.two', '/item/A')
  await site.as('patron.three', '/item/A')
  await site.as('lee', '/item/A')
  site.clock.t += 31 * MINUTE
  await site.post('patron.one', '/return/A')
  await site.post('patron.two', '/loan', { barcode: 'A' })
  site.clock.t += 3 * HOUR
  await site.sweep()
  await site.post('patron.three', '/loan', { barcode: 'A' })
  return site
}

describe('the statistics', () => {
  it('are for staff only', async () => {
    const site = await startSite()
    for (const path of ['/stats', '/status', '/stats/loans.svg']) {
      const statuses = await Promise.all(
        [undefined, 'ann', 'lee'].map(async (who) => (await site.as(who, path)).status),
      )
      expect(statuses, path).toEqual([401, 403, 200])
    }
  })

  it('1.7 statistics: count loans, lengths, ends, turn-aways and readers, and name no patron', async () => {
    const site = await siteWithHistory()
    for (const path of ['/stats', '/stats?barcode=A', '/stats?period=all']) {
      const html = await page(site, path)
      const names = ['Loans', 'Returned early', 'Ended by time', 'Turn-aways', 'Readers now']
      expect(
        names.map((name) => figure(html, name)),
        path,
      ).toEqual(['2', '1', '1', '2', '1'])
      expect(figure(html, 'Median length')).toBe('1 hour 16 minutes')
      expect(html).not.toContain('patron.')
    }
    const tables = ['totals', 'lengths'].map((name) =>
      site.db.$client.prepare(`select * from ${name}`).all(),
    )
    expect(JSON.stringify(tables)).not.toContain('patron.')
  })

  it('leave the staff out: their loans, their being turned away, their reading', async () => {
    const site = await startSite()
    await site.addItem('A', { pages: 1 })
    await site.post('lee', '/loan', { barcode: 'A' })
    expect((await site.as('lee', '/manifests/A')).status).toBe(200)
    expect(figure(await page(site, '/stats'), 'Readers now')).toBe('0')
    site.clock.t += 3 * HOUR
    await site.sweep()
    await site.post('ann', '/loan', { barcode: 'A' })
    await site.post('lee', '/loan', { barcode: 'A' })
    const html = await page(site, '/stats')
    expect(['Loans', 'Turn-aways'].map((name) => figure(html, name))).toEqual(['0', '0'])
    expect(html).toContain('Page requests in the last hour: none.')
  })

  it('count the pages that readers were sent, also when their browser had them', async () => {
    const site = await startSite()
    await site.addItem('A', { pages: 1 })
    await site.as('ann', '/manifests/A')
    await site.post('ann', '/loan', { barcode: 'A' })
    await site.as('ann', '/manifests/A')
    const info = await site.as('ann', '/iiif/A/1/info.json')
    const again = { headers: { 'if-none-match': info.headers.get('etag') ?? '' } }
    expect((await site.as('ann', '/iiif/A/1/info.json', again)).status).toBe(304)
    expect((await site.as('ann', '/iiif/A/9/info.json')).status).toBe(404)
    expect(await page(site, '/stats')).toContain('Page requests in the last hour: 3 in all')
  })

  it('give the form back with a sentence at each field that is wrong', async () => {
    const site = await startSite()
    for (const [query, field] of [
      ['from=yesterday', 'from'],
      ['to=2026-02-30', 'to'],
      ['from=2026-02-02&to=2026-02-01', 'to'],
      ['barcode=..%2Fx', 'barcode'],
    ]) {
      const answer = await site.as('lee', `/stats?${query}`)
      expect(answer.status, query).toBe(400)
      expect(await answer.text(), query).toContain(`href="#${field}"`)
      expect((await site.as('lee', `/stats/loans.svg?${query}`)).status).toBe(404)
    }
  })

  it('say which titles want another copy', async () => {
    const site = await startSite()
    await site.addItem('A', { copies: 0, pages: 1 })
    for (const name of ['ann', 'bob']) await site.as(name, '/item/A')
    expect(await page(site, '/stats')).not.toContain('Buy or pull another copy')
    await site.as('joe', '/item/A')
    expect(await page(site, '/stats')).toContain('Buy or pull another copy')
  })

  it('show the most lent items page by page', async () => {
    const site = await startSite()
    const insert = site.db.$client.prepare(
      `insert into totals (period, barcode, loans) values ('2026', ?, ?)`,
    )
    for (let n = 1; n <= 30; n++) insert.run(`B${n}`, n)
    const shown = async (path: string) =>
      [...(await page(site, path)).matchAll(/<td>(B\d+)<\/td>/g)].map(([, item]) => item)
    const first = await shown('/stats')
    expect([first.length, first[0]]).toEqual([25, 'B30'])
    const last = ['B5', 'B4', 'B3', 'B2', 'B1']
    for (const number of ['2', '3', '999999', '9'.repeat(15)]) {
      const html = await page(site, `/stats?page=${number}`)
      expect(html).toContain('<span>Page 2</span>')
      expect(await shown(`/stats?page=${number}`), number).toEqual(last)
    }
  })
})

describe('a chart', () => {
  it('is a sentence where there is nothing to draw', async () => {
    const site = await startSite()
    const empty = await page(site, '/stats')
    expect(empty).not.toContain('<figure>')
    expect(empty).toContain('Turn-aways: none in this time.')
    expect(empty).toContain('Page requests in the last hour: none.')
    const html = await page(await siteWithHistory(), '/stats')
    expect([...html.matchAll(/<figure>/g)]).toHaveLength(3)
  })

  it('is an SVG file with a title and a description, and loads nothing', async () => {
    const site = await siteWithHistory()
    for (const name of ['loans', 'turn-aways', 'lengths', 'requests']) {
      for (const width of ['wide', 'narrow']) {
        const answer = await site.as('lee', `/stats/${name}.svg?barcode=A&width=${width}`)
        expect(answer.headers.get('content-type')).toBe('image/svg+xml')
        expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'/)
        const svg = await answer.text()
        expect(svg).toMatch(/<title id="t">[^<]+<\/title><desc id="d">[^<]+<\/desc>/)
        expect(svg).not.toMatch(/NaN|undefined|href/)
      }
    }
    expect((await site.as('lee', '/stats/nothing.svg')).status).toBe(404)
    expect((await site.as('lee', '/stats/constructor.svg')).status).toBe(404)
    expect((await site.as('lee', '/stats/loans.svg?width=9999')).status).toBe(404)
  })
})
