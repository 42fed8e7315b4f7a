import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  borrowInBrowser,
  browserForFile,
  DESKTOP,
  PHONE,
  pageDrawn,
  watchForTrespass,
} from '../support/browser.ts'
import { type Site, startSite } from '../support/site.ts'

const openMoving = browserForFile()
/** Colours on their way from one state to another would be measured half-way. */
const open = (site: Site, name: string | undefined, device: BrowserContextOptions) =>
  openMoving(site, name, { ...device, reducedMotion: 'reduce' })

async function violations(page: Page): Promise<string[]> {
  const { violations: found, passes } = await new AxeBuilder({ page }).analyze()
  expect(passes.length, 'axe looked at something').toBeGreaterThan(5)
  return found.map(
    ({ id, nodes }) => `${page.url()} ${id}: ${nodes.map(({ target }) => target).join(' ')}`,
  )
}

describe.each([
  ['a desktop', DESKTOP],
  ['a phone', PHONE],
  ['a dark desktop', { ...DESKTOP, colorScheme: 'dark' as const }],
])('on %s, axe finds nothing wrong with', (_, device) => {
  it('any page of patrons, in any state of an item', async () => {
    const site = await startSite({
      ini: 'HELP_URL = https://help.example.edu\nFEEDBACK_URL = https://feedback.example.edu',
    })
    for (const item of ['A', 'B', 'C']) await site.addItem(item, { ready: item !== 'C' })
    const page = await open(site, 'ann', device)
    const trespass = watchForTrespass(page, site)
    const found: string[] = []
    const look = async (path: string) => {
      await page.goto(path)
      found.push(...(await violations(page)))
    }
    for (const path of [
      '/',
      '/info',
      '/about',
      '/privacy',
      '/notallowed',
      '/logout',
      '/nothing',
      '/item/nothing',
      '/list',
      '/item/A',
      '/item/C',
    ])
      await look(path)
    await page.goto('/item/A')
    await page.getByText('Get loan').click()
    found.push(...(await violations(page)))
    await site.post('bob', '/loan', { barcode: 'B' })
    await look('/item/B')
    await site.post('ann', '/loan', { barcode: 'A' })
    await look('/item/A')
    await look('/item/B')
    await site.post('ann', '/return/A')
    await look('/thankyou?barcode=A')
    await look('/item/A')
    const stranger = await open(site, undefined, device)
    await stranger.goto('/item/A')
    found.push(...(await violations(stranger)))
    expect(found).toEqual([])
    expect(trespass).toEqual([])
  })

  it('the pages of staff', async () => {
    const site = await startSite()
    for (const item of ['A', 'B']) await site.addItem(item, { ready: item === 'A' })
    const page = await open(site, 'lee', device)
    const found: string[] = []
    for (const path of ['/list', '/add', '/add?added=A']) {
      await page.goto(path)
      found.push(...(await violations(page)))
    }
    await page.fill('#barcode', '../x')
    await page.fill('#title', 'A title')
    await page.getByRole('button', { name: 'Add the item' }).click()
    await page.getByRole('heading', { name: 'Please mend this first' }).waitFor()
    found.push(...(await violations(page)))
    expect(found).toEqual([])
  })

  it('the viewer page and its dialogs', async () => {
    const site = await startSite()
    await site.addItem('A')
    const page = await open(site, 'ann', device)
    await borrowInBrowser(page, 'A')
    await pageDrawn(page)
    const found = await violations(page)
    await page.getByRole('button', { name: 'Return' }).click()
    await page.locator('[data-ask][open]').waitFor()
    found.push(...(await violations(page)))
    await page.locator('[data-ask] button[value=keep]').click()
    await site.post('ann', '/return/A')
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
    await page.locator('[data-over][open]').waitFor()
    found.push(...(await violations(page)))
    expect(found).toEqual([])
  })
})
