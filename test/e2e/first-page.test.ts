import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  borrowInBrowser,
  browserForFile,
  DESKTOP,
  PHONE,
  pageDrawn,
  watchForTrespass,
} from '../support/browser.ts'
import { startSite } from '../support/site.ts'

const open = browserForFile()

/** How far the middle of a dialogue is from that of the viewer, in pixels. */
async function offCentre(page: Page, dialogue: string): Promise<number> {
  const boxes = await Promise.all(
    ['#uv', dialogue].map((selector) => page.locator(selector).boundingBox()),
  )
  const [viewer, shown] = boxes.map((box) => {
    if (!box) throw new Error(`${dialogue} is not to be seen`)
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
  })
  return Math.hypot(viewer!.x - shown!.x, viewer!.y - shown!.y)
}

describe.each([
  ['a desktop', DESKTOP],
  ['a phone', PHONE],
])('opening a book on %s', (_, device) => {
  it('asks for nothing twice, for nothing that is not there, and makes no frames', async () => {
    const site = await startSite()
    await site.addItem('A', { pages: 4 })
    const page = await open(site, 'ann', device)
    await site.post('ann', '/loan', { barcode: 'A' })
    const asked: string[] = []
    const refused: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    page.on('response', (response) => response.status() >= 400 && refused.push(response.url()))
    await page.goto('/view/A')
    await pageDrawn(page)
    expect(asked.length, 'needs a book of several tiles').toBeGreaterThan(10)
    expect(asked.filter((url, n) => asked.indexOf(url) !== n)).toEqual([])
    expect(refused).toEqual([])
    expect(page.frames()).toHaveLength(1)
  })
})

describe('a dialogue of the viewer', () => {
  it('opens in its middle, also when the window has changed before', async () => {
    const site = await startSite()
    await site.addItem('A', { pages: 4 })
    const page = await open(site, 'ann')
    await borrowInBrowser(page, 'A')
    await pageDrawn(page)
    await page.setViewportSize({ width: 1000, height: 600 })
    await page.getByRole('textbox', { name: 'Search by Page Number' }).fill('99')
    await page.keyboard.press('Enter')
    const dialogue = '#uv .overlay.genericDialogue'
    await page.locator(dialogue).waitFor({ timeout: 5000 })
    expect(await offCentre(page, dialogue)).toBeLessThan(3)
    await page.keyboard.press('Escape')
    await page.locator(dialogue).waitFor({ state: 'hidden' })
  })
})

describe('the panel of pages', () => {
  it('shows them when it is opened, and turns to the one that is chosen', async () => {
    const site = await startSite()
    await site.addItem('A', { pages: 4 })
    const page = await open(site, 'ann')
    const trespass = watchForTrespass(page, site)
    await borrowInBrowser(page, 'A')
    const first = await pageDrawn(page)
    await page.locator('#uv .leftPanel a.title').click()
    await page.locator('#uv .thumb').nth(2).click()
    const words = page.locator('[data-status-line]', { hasText: 'Page 3 of 4' })
    await words.waitFor({ state: 'attached' })
    await pageDrawn(page, first)
    expect(await page.locator('#uv .thumb').count()).toBe(4)
    expect(trespass).toEqual([])
  })
})
