import { rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { HOUR } from '../../src/clock.ts'
import { peopleIn } from '../../src/people/people.ts'
import { patron } from '../support/lending.ts'
import { manifestFile, manifestOf, startSite } from '../support/site.ts'

const TILE = '0,0,512,512/512,512/0/default.jpg'
const addresses = (item: string) => [
  `/preview/${item}`,
  `/preview/manifests/${item}`,
  `/preview/iiif/${item}/1/info.json`,
  `/preview/iiif/${item}/1/${TILE}`,
]

describe('the preview of an item', () => {
  it('is for staff alone, also while a patron has the item on loan', async () => {
    const site = await startSite()
    await site.addItem('A')
    await site.post('ann', '/loan', { barcode: 'A' })
    for (const path of addresses('A')) {
      const statuses = await Promise.all(
        [undefined, 'bob', 'ann', 'lee'].map(async (who) => (await site.as(who, path)).status),
      )
      expect(statuses, path).toEqual([401, 403, 403, 200])
      const refused = await site.as('bob', path, { method: 'HEAD' })
      expect([refused.status, await refused.text()]).toEqual([403, ''])
    }
  })

  it('opens no address of readers, and its own lead to none of them', async () => {
    const site = await startSite()
    await site.addItem('A', { ready: false })
    const page = await site.as('lee', '/preview/A')
    const html = await page.text()
    expect(html).toContain('Preview: not a loan')
    expect(html).not.toMatch(/data-return|data-status=|\/return\/A/)
    const manifest = await (await site.as('lee', '/preview/manifests/A')).text()
    expect(manifest).toContain(`"id":"${site.url}/preview/manifests/A"`)
    expect(manifest.match(/\/iiif\/A\/\d+/g)?.length).toBeGreaterThan(0)
    expect(manifest.replaceAll('/preview/iiif/A/', '')).not.toContain('/iiif/A/')
    const info = await (await site.as('lee', '/preview/iiif/A/1/info.json')).text()
    expect(info).toContain(`"id":"${site.url}/preview/iiif/A/1"`)
    for (const path of ['/view/A', '/manifests/A', `/iiif/A/1/${TILE}`])
      expect((await site.as('lee', path)).status, path).toBe(403)
    await site.addItem('B')
    await site.post('ann', '/loan', { barcode: 'B' })
    const lent = await (await site.as('ann', '/manifests/B')).text()
    expect(lent, 'readers never get an address of the preview').not.toContain('/preview')
  })

  it('keeps to the sizes that readers may have, and nothing is kept unasked', async () => {
    const site = await startSite()
    await site.addItem('A')
    const whole = await site.as('lee', '/preview/iiif/A/1/full/max/0/default.jpg')
    expect(whole.status).toBe(403)
    const tile = await site.as('lee', `/preview/iiif/A/1/${TILE}`)
    expect(tile.headers.get('cache-control')).toBe('private, no-cache')
    expect((await site.as('lee', '/preview/iiif/A/99/info.json')).status).toBe(404)
    expect((await site.as('lee', '/preview/nothing')).status).toBe(404)
    expect((await site.as('lee', '/preview/iiif/nothing/1/info.json')).status).toBe(404)
  })

  it('is recorded once an hour, by whichever address, and counts nowhere', async () => {
    const site = await startSite()
    await site.addItem('A')
    const audit = () =>
      site.db.$client.prepare("select staff, barcode from audit where act = 'preview'").all()
    await site.as('lee', `/preview/iiif/A/1/${TILE}`)
    expect(audit(), 'a tile alone is recorded too').toEqual([{ staff: 'lee', barcode: 'A' }])
    for (const path of addresses('A')) await site.as('lee', path)
    for (const path of addresses('A')) await site.as('bob', path)
    expect(audit()).toHaveLength(1)
    site.clock.t += HOUR
    await site.as('lee', '/preview/A')
    expect(audit()).toHaveLength(2)
    const lines = site.log.filter(({ msg }) => msg === 'preview')
    expect(lines).toHaveLength(2)
    expect(JSON.stringify(lines)).not.toContain('lee')
    expect(site.db.$client.prepare('select count(*) from loans').pluck().get()).toBe(0)
    const status = await (await site.as('ann', '/item-status/A')).json()
    expect(status).toMatchObject({ available: true })
  })

  it('closes as soon as somebody is no longer on the staff', async () => {
    const site = await startSite()
    await site.addItem('A')
    expect((await site.as('lee', `/preview/iiif/A/1/${TILE}`)).status).toBe(200)
    peopleIn(site.db).removeStaff(patron('lee'))
    for (const path of addresses('A')) expect((await site.as('lee', path)).status).toBe(403)
  })

  it('shows the manifest of now, and says what is wrong with it when there is none', async () => {
    const site = await startSite()
    await site.addItem('A', { ready: false, pages: 2 })
    const manifest = JSON.parse(manifestOf(site, 'A'))
    writeFileSync(
      manifestFile(site, 'A'),
      JSON.stringify({ ...manifest, items: manifest.items.slice(1) }),
    )
    const shown = await (await site.as('lee', '/preview/manifests/A')).json()
    expect((shown as { items: unknown[] }).items).toHaveLength(1)
    writeFileSync(manifestFile(site, 'A'), '{"half')
    const broken = await site.as('lee', '/preview/A')
    expect(broken.status).toBe(409)
    expect(await broken.text()).toMatch(/This item cannot be shown: .*JSON/)
    rmSync(manifestFile(site, 'A'))
    for (const path of addresses('A')) {
      const answer = await site.as('lee', path)
      expect(answer.status, path).toBe(409)
      expect(await answer.text()).toContain('its scans are not there yet')
    }
  })

  it("is linked from the item's page for staff, where there is something to see", async () => {
    const site = await startSite()
    await site.addItem('A', { ready: false })
    await site.addItem('B', { convert: false })
    const page = async (who: string, item: string) => (await site.as(who, `/item/${item}`)).text()
    expect(await page('lee', 'A')).toContain('href="/preview/A"')
    expect(await page('ann', 'A')).not.toContain('/preview')
    expect(await page('lee', 'B')).not.toContain('/preview')
  })
})
