import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { itemsIn } from '../../src/items/items.ts'
import { startSite } from '../support/site.ts'

describe('an item that was removed', () => {
  it('is in no list, download or comparison, and its barcode is named as such', async () => {
    const site = await startSite()
    for (const item of ['GONE', 'HERE']) await site.addItem(item, { convert: false })
    await site.post('lee', '/remove', { barcode: 'GONE' })
    for (const path of ['/list', '/download/csv/item', '/download/json/item']) {
      const text = await (await site.as('lee', path)).text()
      expect([path, text.includes('HERE'), text.includes('GONE')]).toEqual([path, true, false])
    }
    expect(
      itemsIn(site.db)
        .after('', 10)
        .map(({ barcode }) => barcode),
    ).toEqual(['HERE'])
    const edit = { old_barcode: 'HERE', barcode: 'GONE', title: 'Title' }
    const refused = await site.post('lee', '/update/edit', edit)
    expect(refused.status).toBe(409)
    expect(await refused.text()).toContain('An item with this barcode was removed')
    await site.post('lee', '/update/add', { barcode: 'GONE', title: 'Back again' })
    expect(await (await site.as('lee', '/download/csv/item')).text()).toContain('Back again')
  })

  it('comes back with its past loans, manifest and cover, and the page says so', async () => {
    const site = await startSite()
    await site.addItem('A', { pages: 1 })
    await site.post('ann', '/loan', { barcode: 'A' })
    await site.post('ann', '/return/A')
    await site.sweep()
    mkdirSync(site.settings.thumbnailsDir, { recursive: true })
    writeFileSync(join(site.settings.thumbnailsDir, 'A.jpg'), 'x')
    await site.post('lee', '/remove', { barcode: 'A' })
    const add = async (barcode: string) => {
      const answer = await site.post('lee', '/update/add', { barcode, title: 'Title' })
      return (await site.as('lee', answer.headers.get('location') ?? '')).text()
    }
    expect(await add('A')).toContain(
      'it came back. It has 1 past loan in the statistics, its manifest and its cover.',
    )
    expect(await add('NEW')).not.toContain('came back')
    await site.post('lee', '/remove', { barcode: 'NEW' })
    expect(await add('NEW')).toContain('It has no past loans, no manifest and no cover.')
    const details = site.db.$client.prepare("select detail from audit where act = 'add'").pluck()
    expect(details.all()).toEqual(['came back', '', 'came back'])
  })
})
