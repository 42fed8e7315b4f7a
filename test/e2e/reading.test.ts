import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MINUTE } from '../../src/clock.ts'
import { convertScans } from '../../src/scans/convert.ts'
import {
  borrowInBrowser,
  browserForFile,
  DESKTOP,
  lookAgain,
  PHONE,
  pageDrawn,
  watchForTrespass,
} from '../support/browser.ts'
import { startSite } from '../support/site.ts'

const open = browserForFile()
const SAMPLES = process.env.CARREL_SAMPLES ?? join(import.meta.dirname, '../fixtures')

describe.each([
  ['a desktop', DESKTOP],
  ['a phone', PHONE],
])('on %s, a patron', (_, device) => {
  it('borrows, reads the real scans from the first page to the last, and returns them', async () => {
    const site = await startSite()
    const item = await site.addItem('35047019084201', { convert: false })
    const scans = { ...site.settings, scansDir: join(SAMPLES, 'scans') }
    expect(
      await convertScans(item, { ...scans, presentation: 3, clock: site.clock }),
    ).toMatchObject({ pages: 7 })
    const page = await open(site, 'ann', device)
    const trespass = watchForTrespass(page, site)
    const refused: string[] = []
    page.on('response', (answer) => {
      if (answer.url().includes('/iiif/') && answer.status() >= 400) refused.push(answer.url())
    })

    await borrowInBrowser(page, item)
    const shown = [await pageDrawn(page)]
    for (let number = 2; number <= 7; number++) {
      await page.keyboard.press('ArrowRight')
      await page
        .locator('[data-status-line]', { hasText: `Page ${number} of 7` })
        .waitFor({ state: 'attached' })
      shown.push(await pageDrawn(page, shown.at(-1)))
    }
    expect(new Set(shown).size, 'seven pages that differ').toBe(7)
    expect(refused).toEqual([])

    await page.getByRole('button', { name: 'Return' }).click()
    await page.getByText('You can borrow it again 30 minutes after that').waitFor()
    await page.locator('[data-ask] button[value=return]').click()
    await page.waitForURL('**/thankyou*')
    expect(await page.locator('main').innerText()).toContain(
      'you can borrow it again today at 11:30 CET',
    )
    expect(trespass).toEqual([])

    const again = await page.goto(`/view/${item}`)
    expect(again?.status()).toBe(403)
  })
})

describe('two patrons and one copy', () => {
  it('have it one after the other, and the one who waits sees it without reloading', async () => {
    const site = await startSite()
    await site.addItem('A')
    const [ann, bob] = [await open(site, 'ann'), await open(site, 'bob')]
    await borrowInBrowser(ann, 'A')
    await bob.goto('/item/A')
    await bob
      .getByText('All copies are on loan. The next one is available today at 13:00 CET')
      .waitFor()
    await site.post('ann', '/return/A')
    await lookAgain(bob)
    await bob.getByRole('heading', { name: 'Available' }).waitFor()
    await borrowInBrowser(bob, 'A')
    expect(await pageDrawn(bob)).not.toBe('')
  })
})

describe("an item's page", () => {
  it('is true to the server though it was opened out of sight, and keeps the focus', async () => {
    const site = await startSite()
    await site.addItem('A')
    const page = await open(site, 'bob')
    await page.addInitScript(() => {
      Object.defineProperty(document, 'hidden', {
        get: () => !document.body?.dataset.seen,
        configurable: true,
      })
    })
    await page.goto('/item/A')
    await site.post('ann', '/loan', { barcode: 'A' })
    await page.getByText('Get loan').focus()
    await page.evaluate(() => {
      document.body.dataset.seen = 'yes'
    })
    await lookAgain(page)
    await page.getByRole('heading', { name: 'All copies on loan' }).waitFor()
    expect(await page.locator('[data-announce]').innerText()).toContain('All copies are on loan')
    expect(await page.evaluate(() => document.activeElement?.hasAttribute('data-live'))).toBe(true)
  })
})

describe('the end of a loan', () => {
  it('is announced at 15 and 5 minutes, and closes the book when the time is up', async () => {
    const site = await startSite()
    await site.addItem('A')
    const page = await open(site, 'ann')
    await borrowInBrowser(page, 'A')
    await pageDrawn(page)
    for (const left of [15, 5]) {
      site.clock.t = Date.UTC(2026, 0, 2, 12) - left * MINUTE
      await lookAgain(page)
      await page.locator('[data-notice]', { hasText: `${left} minutes` }).waitFor()
      await page
        .locator('[role=status], [role=alert]')
        .filter({ hasText: `${left} minutes` })
        .first()
        .waitFor({ state: 'attached' })
    }
    site.clock.t = Date.UTC(2026, 0, 2, 12)
    await lookAgain(page)
    await page.getByRole('heading', { name: 'Your loan has ended' }).waitFor()
    expect(await page.locator('#uv canvas, #uv img').count()).toBe(0)
    expect(await page.evaluate(() => document.activeElement?.textContent)).toMatch(/item’s page/)
  })

  it('comes by itself on a short loan, with nobody touching the page', async () => {
    const site = await startSite()
    await site.addItem('A')
    const page = await open(site, 'ann')
    await borrowInBrowser(page, 'A')
    await pageDrawn(page)
    site.clock.t = Date.UTC(2026, 0, 2, 12) - 2_000
    await lookAgain(page)
    await page.locator('[data-time]', { hasText: /second|0 min|1 min|left/ }).waitFor()
    site.clock.t += 2_000
    await page.getByRole('heading', { name: 'Your loan has ended' }).waitFor({ timeout: 10_000 })
  })

  it('reaches every tab when the item is returned in one of them', async () => {
    const site = await startSite()
    await site.addItem('A')
    const first = await open(site, 'ann')
    await borrowInBrowser(first, 'A')
    const second = await first.context().newPage()
    await second.goto('/view/A')
    await pageDrawn(second)
    await second.getByRole('button', { name: 'Return' }).click()
    await second.locator('[data-ask] button[value=return]').click()
    await second.waitForURL('**/thankyou*')
    await first.getByRole('dialog').getByRole('heading').waitFor()
    expect(await first.locator('#uv canvas, #uv img').count()).toBe(0)
  })

  it('comes when the staff end it, at the next page that is asked for', async () => {
    const site = await startSite()
    await site.addItem('A')
    const page = await open(site, 'ann')
    // Else the next page may be there already.
    await page.addInitScript(
      "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })",
    )
    await borrowInBrowser(page, 'A')
    await pageDrawn(page)
    await site.post('lee', '/ready', { barcode: 'A', ready: 'no', readers: 'end' })
    await page.keyboard.press('ArrowRight')
    await page.locator('[data-over][open]').waitFor({ timeout: 10_000 })
    expect(await page.locator('#uv canvas, #uv img').count()).toBe(0)
  })

  it('1.8 back button: shows no page after a return', async () => {
    const site = await startSite()
    await site.addItem('A')
    const page = await open(site, 'ann')
    await borrowInBrowser(page, 'A')
    await pageDrawn(page)
    await site.post('ann', '/return/A')
    await page.goto('/about')
    await page.goBack()
    expect(await page.locator('#uv canvas').count()).toBe(0)
    await page.getByText('You do not have this item on loan').waitFor()
  })
})

describe('the viewer', () => {
  it('keeps the loan bar in full screen', async () => {
    const site = await startSite()
    await site.addItem('A')
    const page = await open(site, 'ann')
    await borrowInBrowser(page, 'A')
    await pageDrawn(page)
    await page.locator('.fullScreen, .fullscreen').first().click()
    await page.waitForFunction(() => document.fullscreenElement !== null)
    const bar = await page.locator('.loan-bar').boundingBox()
    expect(bar?.y).toBe(0)
    expect(await page.getByRole('button', { name: 'Return' }).isVisible()).toBe(true)
  })

  it('offers nothing to download, share, embed or print', async () => {
    const site = await startSite()
    await site.addItem('A')
    for (const device of [DESKTOP, PHONE]) {
      const page = await open(site, 'ann', device)
      await site.post('ann', '/loan', { barcode: 'A' })
      await page.goto('/view/A')
      await pageDrawn(page)
      const offers = page
        .locator('a, button')
        .filter({ hasText: /download|share|embed|print/i, visible: true })
      expect(await offers.allInnerTexts()).toEqual([])
    }
  })
})

describe('without JavaScript', () => {
  it('a patron gets as far as the viewer, which says what it needs, and can return the item', async () => {
    const site = await startSite()
    await site.addItem('A')
    const page = await open(site, 'ann', { ...DESKTOP, javaScriptEnabled: false })
    await borrowInBrowser(page, 'A')
    const message = page.locator('noscript .message')
    await message.waitFor()
    expect(await message.innerText()).toContain('Reading needs JavaScript')
    await page.getByRole('button', { name: 'Return' }).first().click()
    await page.waitForURL('**/thankyou*')
  })
})
