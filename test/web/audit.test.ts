import { describe, expect, it } from 'vitest'
import { startSite } from '../support/site.ts'

describe('the record of what staff did', () => {
  it('1.7 record: is for staff, newest first, in pages, and names no patron', async () => {
    const site = await startSite()
    await site.addItem('A')
    expect(await (await site.as('lee', '/audit')).text()).toContain('Nothing has been recorded yet')
    await site.post('canary', '/loan', { barcode: 'A' })
    for (let n = 0; n < 51; n++) {
      await site.post('lee', '/ready', { barcode: 'A', ready: 'no', readers: 'end' })
      await site.post('lee', '/ready', { barcode: 'A', ready: 'yes' })
    }
    const page = await (await site.as('lee', '/audit')).text()
    expect(page).not.toContain('canary')
    expect(page.match(/<td>(?:not-)?ready<\/td>/g)).toHaveLength(100)
    const [, older] = page.match(/href="(\/audit\?before=\d+)"/) ?? []
    const rest = await (await site.as('lee', older ?? '')).text()
    expect(rest.match(/<td>(?:not-)?ready<\/td>/g)).toHaveLength(2)
    expect((await site.as('lee', '/audit?before=x')).status).toBe(200)
    const statuses = [undefined, 'ann'].map(async (who) => (await site.as(who, '/audit')).status)
    expect(await Promise.all(statuses)).toEqual([401, 403])
  })
})
