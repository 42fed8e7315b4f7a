import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testFolder } from '../support/folder.ts'
import { startSite } from '../support/site.ts'

async function siteWithNotice() {
  const folder = testFolder()
  mkdirSync(join(folder, 'texts'))
  const file = join(folder, 'texts/copyright-notice.md')
  writeFileSync(file, 'Do **not** copy.')
  const site = await startSite({ folder })
  const loans = () => site.db.$client.prepare('select count(*) from loans').pluck().get()
  return { site, file, loans }
}

describe('a copyright notice', () => {
  it('stands in the loan form with a box to be ticked, and nowhere without a file', async () => {
    const { site, file } = await siteWithNotice()
    await site.addItem('A')
    const page = await (await site.as('ann', '/item/A')).text()
    expect(page).toContain('Do <strong>not</strong> copy.')
    expect(page).toMatch(/<input type="checkbox" [^>]*name="accepted" value="yes" required>/)
    rmSync(file)
    expect(await (await site.as('ann', '/item/A')).text()).not.toContain('accepted')
    expect((await site.post('ann', '/loan', { barcode: 'A' })).status).toBe(303)
  })

  it('starts no loan until it is accepted, and says so at the box', async () => {
    const { site, loans } = await siteWithNotice()
    await site.addItem('A')
    for (const sent of [{}, { accepted: '' }, { accepted: 'no' }, { accepted: 'on' }]) {
      const answer = await site.post('ann', '/loan', { barcode: 'A', ...sent })
      const page = await answer.text()
      expect([answer.status, loans()]).toEqual([400, 0])
      expect(page).toContain('href="#accepted">Accept the copyright notice to start the loan.')
      expect(page).toContain('<details open>')
      expect(page).toContain('aria-describedby="accepted-fault"')
    }
    const answer = await site.post('ann', '/loan', { barcode: 'A', accepted: 'yes' })
    expect([answer.status, loans()]).toEqual([303, 1])
  })

  it('does not hide any other reason why there is no loan', async () => {
    const { site, loans } = await siteWithNotice()
    await site.addItem('A')
    await site.addItem('B', { ready: false })
    await site.post('ann', '/loan', { barcode: 'A', accepted: 'yes' })
    const ask = async (who: string | undefined, item: string) =>
      (await site.post(who, '/loan', { barcode: item })).status
    expect(await ask('ann', 'A'), 'on loan already: to the viewer').toBe(303)
    expect(await ask('bob', 'A'), 'no copies left').toBe(409)
    expect(await ask('bob', 'B'), 'not ready').toBe(409)
    expect(await ask('bob', 'C'), 'unknown').toBe(404)
    expect(await ask(undefined, 'A'), 'stranger').toBe(401)
    expect(loans()).toBe(1)
  })
})
