import { describe, expect, it } from 'vitest'
import { HOUR } from '../../src/clock.ts'
import { violations } from '../support/axe.ts'
import { browserForFile, DESKTOP, PHONE, watchForTrespass } from '../support/browser.ts'
import { type Site, startSite } from '../support/site.ts'

const open = browserForFile()

async function siteWithReaders(): Promise<Site> {
  const site = await startSite()
  await site.addItem('A', { copies: 2, pages: 1 })
  await site.addItem('B', { copies: 0, pages: 1 })
  await site.post('joe', '/loan', { barcode: 'A' })
  site.clock.t += 3 * HOUR
  await site.sweep()
  for (const name of ['ann', 'bob']) await site.post(name, '/loan', { barcode: 'A' })
  for (const name of ['kim', 'pat', 'sue']) await site.as(name, '/item/B')
  return site
}

describe.each([
  ['a desktop', DESKTOP],
  ['a phone', PHONE],
  ['a dark desktop', { ...DESKTOP, colorScheme: 'dark' as const }],
])('on %s', (_, device) => {
  it('axe finds nothing wrong with loans and statistics, and their pictures are drawn', async () => {
    const site = await siteWithReaders()
    const page = await open(site, 'lee', { ...device, reducedMotion: 'reduce' })
    const trespass = watchForTrespass(page, site)
    const found: string[] = []
    for (const path of [
      '/loans?barcode=A',
      '/loans?barcode=%2F',
      '/loans/2',
      '/audit',
      '/stats',
      '/stats?barcode=A',
      '/stats?from=x',
    ]) {
      await page.goto(path)
      for (const details of await page.locator('main details').all()) {
        await details.locator('summary').click()
      }
      found.push(...(await violations(page)))
    }
    await page.goto('/stats')
    for (const picture of await page.locator('figure img').all()) {
      await picture.scrollIntoViewIfNeeded()
      await expect
        .poll(() => picture.evaluate((one: HTMLImageElement) => one.complete && one.naturalWidth))
        .toBeGreaterThan(300)
    }
    expect([...found, ...trespass]).toEqual([])
  }, 90_000)
})

describe('by keyboard alone, without JavaScript', () => {
  it('staff see a loan, lengthen it, end it, end the rest, and read the numbers', async () => {
    const site = await siteWithReaders()
    const page = await open(site, 'lee', { ...DESKTOP, javaScriptEnabled: false })
    const press = async (name: string | RegExp, role: 'link' | 'button' = 'button') => {
      await page.getByRole(role, { name }).first().focus()
      await page.keyboard.press('Enter')
      await page.waitForLoadState()
    }
    await page.goto('/loans')
    await press('Loans', 'link')
    await press(/End or lengthen: Title of A, ann/)
    await page.getByLabel('By how many hours').focus()
    await page.keyboard.type('1')
    await page.keyboard.press('Enter')
    await page.getByText('The loan is now due').waitFor()
    await press('End the loan now')
    await page.getByText('1 loan ended.').waitFor()
    expect((await site.as('ann', '/manifests/A')).status).toBe(403)

    await page.getByLabel('Barcode').focus()
    await page.keyboard.type('A')
    await page.keyboard.press('Enter')
    const ask = page.getByText('End the loan of this item')
    await ask.focus()
    await page.keyboard.press('Enter')
    await press('End the loan now')
    await page.getByText('1 loan ended.').waitFor()
    expect((await site.as('bob', '/manifests/A')).status).toBe(403)

    await site.sweep()
    await press('Statistics', 'link')
    await page.getByRole('heading', { name: 'Buy or pull another copy' }).waitFor()
    expect(await page.locator('.figures dd').first().textContent()).toBe('3')
    for (const [name, file] of [
      ['CSV of past loans', /^carrel-history-.*\.csv$/],
      ['JSON of all items', /^carrel-item-.*\.json$/],
    ] as const) {
      const downloading = page.waitForEvent('download')
      await page.getByRole('link', { name }).focus()
      await page.keyboard.press('Enter')
      expect((await downloading).suggestedFilename()).toMatch(file)
    }
  }, 60_000)
})
