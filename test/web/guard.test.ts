import { describe, expect, it } from 'vitest'
import { startSite } from '../support/site.ts'

describe('every answer', () => {
  it('hides what broke, and names the request in page and log', async () => {
    const site = await startSite()
    await site.addItem('A', { convert: false })
    site.db.$client.exec('pragma foreign_keys = off; drop table loans')
    const answer = await site.as('ann', '/item/A')
    const page = await answer.text()
    expect(answer.status).toBe(500)
    expect(page).not.toContain('loans')
    const line = site.log.find(({ msg }) => msg === 'request.fault')
    expect(page).toContain(String(line?.rid))
  })
})
