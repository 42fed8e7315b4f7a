import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { barcode } from '../support/lending.ts'
import { manifestFile, type Site, startSite } from '../support/site.ts'

const list = async (site: Site, address = '/list') => (await site.as('lee', address)).text()

/** The text of one row, without its tags. */
async function row(site: Site, item: string): Promise<string> {
  const page = await list(site)
  const html = new RegExp(`<tr[^>]* id="item-${item}"[\\s\\S]*?</tr>`).exec(page)?.[0] ?? ''
  return html
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

const acts = ({ db }: Site) =>
  db.$client.prepare('select staff, act, barcode, detail from audit order by id').raw().all()

function scanFile({ settings }: Site, item: string, stage: string): string {
  mkdirSync(settings.processDir ?? '', { recursive: true })
  return join(settings.processDir ?? '', `${item}-${stage}`)
}

describe('the list of items', () => {
  it('is for the staff only, as is each of its acts', async () => {
    const site = await startSite()
    await site.addItem('A', { convert: false })
    const paths = [
      '/list',
      '/manage',
      '/ready?barcode=A',
      '/end-newest?barcode=A',
      '/remove?barcode=A',
    ]
    for (const path of paths) {
      const statuses = await Promise.all(
        [undefined, 'ann'].map(async (who) => (await site.as(who, path)).status),
      )
      expect(statuses, path).toEqual([401, 403])
    }
    for (const path of ['/ready', '/end-newest', '/remove', '/start-processing']) {
      const statuses = await Promise.all(
        [undefined, 'ann'].map(
          async (who) => (await site.post(who, path, { barcode: 'A' })).status,
        ),
      )
      expect(statuses, path).toEqual([401, 403])
      expect((await site.post('lee', path, { barcode: 'nothing' })).status, path).toBe(404)
    }
    expect(acts(site)).toEqual([])
  })

  it('says what to do when there is nothing, and nothing that fits', async () => {
    const site = await startSite()
    expect(await list(site)).toContain('There are no items yet.')
    await site.addItem('A', { convert: false })
    const page = await list(site, '/list?q=%3Cb%3Eoptics')
    expect(page).toContain('No item fits “&lt;b&gt;optics”.')
    expect(page).toContain('see all items')
  })

  it('keeps words and order from page to page, and turns an order round', async () => {
    const site = await startSite()
    for (let n = 0; n < 55; n++)
      await site.addItem(`B${String(n).padStart(2, '0')}`, { convert: false })
    const page = await list(site, '/list?q=title&sort=barcode')
    expect(page).toContain('aria-sort="ascending"')
    expect(page).toContain('href="/list?q=title&amp;sort=barcode&amp;order=desc"')
    expect(page).toContain('href="/list?q=title&amp;sort=barcode&amp;page=2"')
    expect(page).toContain('Page 1 of 2')
    const second = await list(site, '/manage?q=title&sort=barcode&order=desc&page=2')
    expect(second.match(/id="item-B\d\d"/g)).toEqual(
      ['04', '03', '02', '01', '00'].map((n) => `id="item-B${n}"`),
    )
    for (const odd of [
      'page=0',
      'page=-1',
      'page=x',
      'page=99',
      'sort=x&order=y',
      'q=%00',
      'q=%ff',
    ])
      expect((await site.as('lee', `/list?${odd}`)).status, odd).toBe(200)
  })

  it('leads from an act back to the page and the item it was done on', async () => {
    const site = await startSite()
    await site.addItem('A', { ready: false })
    const fields = {
      barcode: 'A',
      ready: 'yes',
      list: 'q=title&sort=author&x=https://evil.example',
    }
    const answer = await site.post('lee', '/ready', fields)
    expect(answer.headers.get('location')).toBe('/list?q=title&sort=author#item-A')
  })
})

describe('the state of an item in the list', () => {
  it('walks from no scans to ready to lend', async () => {
    const site = await startSite()
    await site.addItem('A', { ready: false, convert: false })
    expect(await row(site, 'A')).toMatch(/No scans yet Process /)
    await site.post('lee', '/start-processing', { barcode: 'A' })
    expect(existsSync(scanFile(site, 'A', 'initiated'))).toBe(true)
    expect(await row(site, 'A')).toContain('Waiting to be processed')
    await site.post('lee', '/start-processing', { barcode: 'A' })
    rmSync(scanFile(site, 'A', 'initiated'))
    writeFileSync(scanFile(site, 'A', 'processing'), '')
    expect(await row(site, 'A')).toContain('Being processed')
    await site.post('lee', '/start-processing', { barcode: 'A' })
    expect(existsSync(scanFile(site, 'A', 'initiated'))).toBe(false)
    rmSync(scanFile(site, 'A', 'processing'))
    writeFileSync(scanFile(site, 'A', 'problem'), 'A_002.tif is missing.\n')
    expect(await row(site, 'A')).toMatch(/Problem with the scans A_002.tif is missing. Try again /)
    await site.post('lee', '/start-processing', { barcode: 'A' })
    expect(await row(site, 'A')).toContain('Waiting to be processed')
    expect(acts(site)).toEqual([
      ['lee', 'process', 'A', ''],
      ['lee', 'process', 'A', ''],
    ])
    for (const stage of ['initiated', 'problem']) rmSync(scanFile(site, 'A', stage))
    mkdirSync(site.settings.manifestDir, { recursive: true })
    writeFileSync(manifestFile(site, 'A'), '{"half')
    expect(await row(site, 'A')).toMatch(/Manifest invalid .*JSON.* Process /)
  })

  it('walks from ready to lending and back', async () => {
    const site = await startSite()
    await site.addItem('A', { ready: false })
    expect(await row(site, 'A')).toMatch(/Not ready Make ready /)
    await site.post('lee', '/ready', { barcode: 'A', ready: 'yes' })
    expect(await row(site, 'A')).toMatch(/Ready to lend Take back 2 hours 1 0 /)
    await site.post('ann', '/loan', { barcode: 'A' })
    expect(await row(site, 'A')).toMatch(/Lending Take back… 2 hours 1 1 /)
  })

  it('offers no Process button where the site processes nothing', async () => {
    const site = await startSite({ processDir: '' })
    await site.addItem('A', { ready: false, convert: false })
    expect(await row(site, 'A')).toMatch(/No scans yet 2 hours/)
    expect((await site.post('lee', '/start-processing', { barcode: 'A' })).status).toBe(409)
  })

  it('is a problem in words when its file cannot be read, and the rest of the list is there', async () => {
    const site = await startSite()
    await site.addItem('A', { ready: false, convert: false })
    await site.addItem('B')
    mkdirSync(scanFile(site, 'A', 'problem'))
    expect(await row(site, 'A')).toContain('cannot be read: see the log')
    expect(await row(site, 'B')).toContain('Ready to lend')
    expect(site.log.some(({ msg }) => msg === 'scans.state-unreadable')).toBe(true)
  })
})

describe('taking an item back', () => {
  async function lent() {
    const site = await startSite()
    await site.addItem('A', { copies: 3 })
    for (const [n, who] of ['ann', 'bob', 'eve'].entries()) {
      site.clock.t = Date.UTC(2026, 0, 2, 10, n * 10)
      expect((await site.post(who, '/loan', { barcode: 'A' })).status).toBe(303)
    }
    const reads = async () =>
      Promise.all(
        ['ann', 'bob', 'eve'].map(async (who) => (await site.as(who, '/manifests/A')).status),
      )
    return { site, reads }
  }

  it('says first what becomes of those who read, and lets them finish unless told', async () => {
    const { site, reads } = await lent()
    const asked = await list(site, '/ready?barcode=A')
    expect(asked).toContain('3 loans still run, the last until 13:20 CET: the paper copy goes back')
    expect(asked).toContain('End 3 loans now')
    expect(asked).toMatch(/value="finish" checked/)
    await site.post('lee', '/ready', { barcode: 'A', ready: 'no' })
    expect(await reads()).toEqual([200, 200, 200])
    expect(await row(site, 'A')).toMatch(
      /Not ready 3 loans still run, the last until 13:20 CET: the paper copy goes back to the shelf after that. Make ready End them now…/,
    )
    site.clock.t = Date.UTC(2026, 0, 2, 12, 15)
    expect(await row(site, 'A')).toMatch(/1 loan still runs, until 13:20 CET.* End it now…/)
    site.clock.t = Date.UTC(2026, 0, 2, 12, 20)
    expect(await row(site, 'A')).toMatch(/Not ready Make ready /)
  })

  it('ends their loans when told, and notes it without a name', async () => {
    const { site, reads } = await lent()
    await site.post('lee', '/ready', { barcode: 'A', ready: 'no', readers: 'end' })
    expect(await reads()).toEqual([403, 403, 403])
    expect(acts(site)).toEqual([['lee', 'not-ready', 'A', 'ended 3 loans']])
    const asked = await site.as('lee', '/ready?barcode=A')
    expect([asked.status, asked.headers.get('location')]).toEqual([303, '/list#item-A'])
  })

  it('ends the newest loans only, as many as are more than copies', async () => {
    const { site, reads } = await lent()
    site.db.$client.exec('update items set copies = 1')
    expect(await row(site, 'A')).toMatch(
      /Lending 3 loans still run, 2 more than copies: the paper copy goes back to the shelf after 13:10 CET. End the 2 newest now… Take back…/,
    )
    expect(await list(site, '/end-newest?barcode=A')).toContain('End the 2 newest now')
    expect((await site.post('lee', '/end-newest', { barcode: 'A' })).status).toBe(400)
    await site.post('lee', '/end-newest', { barcode: 'A', loans: '1' })
    expect(await reads()).toEqual([200, 200, 403])
    await site.post('lee', '/end-newest', { barcode: 'A', loans: '2' })
    expect(await reads()).toEqual([200, 403, 403])
    await site.post('lee', '/end-newest', { barcode: 'A', loans: '2' })
    expect(await reads()).toEqual([200, 403, 403])
    expect(acts(site)).toEqual([
      ['lee', 'end-newest', 'A', 'ended 1 loan'],
      ['lee', 'end-newest', 'A', 'ended 1 loan'],
    ])
    expect((await site.as('lee', '/end-newest?barcode=A')).status).toBe(303)
  })
})

describe('removing an item', () => {
  it('asks, then removes, and leaves its files alone', async () => {
    const site = await startSite()
    await site.addItem('A')
    await site.addItem('B', { convert: false })
    const manifest = readFileSync(manifestFile(site, 'A'))
    const asked = await list(site, '/remove?barcode=A')
    expect(asked).toContain('images, manifest and cover stay where they are')
    const answer = await site.post('lee', '/remove', { barcode: 'A', list: 'q=title' })
    expect(answer.headers.get('location')).toBe('/list?q=title&removed=A')
    expect(await list(site, '/list?removed=A')).toContain('A was removed.')
    expect(await row(site, 'A')).toBe('')
    expect((await site.as('ann', '/item/A')).status).toBe(404)
    expect((await site.post('ann', '/loan', { barcode: 'A' })).status).toBe(404)
    expect((await site.post('lee', '/remove', { barcode: 'A' })).status).toBe(404)
    expect(readFileSync(manifestFile(site, 'A'))).toEqual(manifest)
    expect(acts(site)).toEqual([['lee', 'remove', 'A', '']])
    expect(site.log.some(({ msg, item }) => msg === 'item.remove' && item === 'A')).toBe(true)
  })

  it('refuses while somebody reads, says until when, and ends the loans when told', async () => {
    const site = await startSite()
    await site.addItem('A')
    await site.post('ann', '/loan', { barcode: 'A' })
    const refused = await site.post('lee', '/remove', { barcode: 'A' })
    expect(refused.status).toBe(409)
    expect(await refused.text()).toContain('still runs, until today at 13:00 CET')
    expect((await site.as('ann', '/manifests/A')).status).toBe(200)
    expect((await site.post('lee', '/remove', { barcode: 'A', readers: 'x' })).status).toBe(400)
    const done = await site.post('lee', '/remove', { barcode: 'A', readers: 'end' })
    expect(done.status).toBe(303)
    expect((await site.as('ann', '/manifests/A')).status).toBe(403)
    expect(acts(site)).toEqual([['lee', 'remove', 'A', 'ended 1 loan']])
  })

  it('keeps its past loans for the day it is added again', async () => {
    const site = await startSite()
    await site.addItem('A')
    await site.post('ann', '/loan', { barcode: 'A' })
    site.clock.t += 3 * 3_600_000
    expect((await site.post('lee', '/remove', { barcode: 'A' })).status).toBe(303)
    expect(site.db.$client.prepare('select count(*) from loans').pluck().get()).toBe(1)
    const fields = { barcode: 'A', title: 'Once more', num_copies: '1', duration: '1' }
    expect((await site.post('lee', '/update/add', fields)).status).toBe(303)
    await site.post('lee', '/ready', { barcode: 'A', ready: 'yes' })
    expect((await site.post('bob', '/loan', { barcode: barcode('A') })).status).toBe(303)
    expect(await row(site, 'A')).toMatch(/^Once more .* Lending/)
  })
})
