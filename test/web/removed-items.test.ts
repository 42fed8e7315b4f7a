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
})
