/// <reference lib="dom" />
import type { Page, Route } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  browserForFile,
  DESKTOP,
  lookAgain,
  PHONE,
  pageDrawn,
  watchForTrespass,
} from '../support/browser.ts'
import { startSite } from '../support/site.ts'

const open = browserForFile()
const MAP = '#uv .navigator'
const TILES = '**/iiif/A/1/**/*.jpg'

async function reading(device = DESKTOP) {
  const site = await startSite()
  await site.addItem('A', { pages: 4 })
  await site.post('ann', '/loan', { barcode: 'A' })
  const page = await open(site, 'ann', device)
  return { site, page, trespass: watchForTrespass(page, site) }
}

const mapDrawn = (page: Page, before?: string) => pageDrawn(page, before, MAP)

/** How high the frame around what is seen is on the map: 0 while it is not there. */
const frameHeight = async (page: Page) =>
  (await page.locator(`${MAP} .displayregion`).boundingBox())?.height ?? 0

async function turnTo(page: Page, number: number): Promise<void> {
  await page.keyboard.press('ArrowRight')
  const words = page.locator('[data-status-line]', { hasText: `Page ${number} of 4` })
  await words.waitFor({ state: 'attached' })
}

/** Opens the book and holds the tiles of page 1 back, so that it is not drawn. */
async function firstPageHeld(page: Page): Promise<void> {
  const held: Route[] = []
  await page.route(TILES, (route) => void held.push(route))
  await page.goto('/view/A')
  await expect.poll(() => held.length, { timeout: 10_000 }).toBeGreaterThan(0)
}

describe('the small map of the page', () => {
  it('is there on a desktop when the page is drawn, frames what is seen, and follows turns', async () => {
    const { page, trespass } = await reading()
    await page.goto('/view/A')
    const first = await mapDrawn(page)
    await page.mouse.move(500, 400)
    await page.locator(MAP).waitFor()
    await expect.poll(() => frameHeight(page)).toBeGreaterThan(80)
    await page.getByRole('button', { name: 'Zoom in' }).click()
    await expect.poll(() => frameHeight(page)).toBeLessThan(70)
    await turnTo(page, 2)
    await mapDrawn(page, first)
    expect(trespass).toEqual([])
  })

  it('is not made on a phone, but when its window becomes that of a desktop', async () => {
    const { page, trespass } = await reading(PHONE)
    await page.goto('/view/A')
    await pageDrawn(page)
    expect(await page.locator(MAP).count()).toBe(0)
    await page.setViewportSize(DESKTOP.viewport)
    await mapDrawn(page)
    await page.setViewportSize(PHONE.viewport)
    await page.locator(MAP).waitFor({ state: 'hidden' })
    expect(trespass).toEqual([])
  })

  it('shows the next page when the page was turned before there was a map', async () => {
    const { page, trespass } = await reading()
    await firstPageHeld(page)
    expect(await page.locator(MAP).count()).toBe(0)
    await turnTo(page, 2)
    await pageDrawn(page)
    const early = await mapDrawn(page)
    await page.reload()
    expect(await mapDrawn(page), 'the same as when it is opened at page 2').toBe(early)
    expect(trespass).toEqual([])
  })

  it('is not made when the loan ends just as the page has been drawn', async () => {
    const { site, page, trespass } = await reading()
    await firstPageHeld(page)
    const frames = await page.evaluateHandle(() => {
      const held: FrameRequestCallback[] = []
      window.requestAnimationFrame = (step) => held.push(step) // OpenSeadragon's own goes on
      return held
    })
    await page.unroute(TILES)
    await pageDrawn(page)
    await site.post('ann', '/return/A')
    await lookAgain(page)
    await page.locator('[data-over][open]').waitFor()
    expect(await frames.evaluate((held) => held.length), 'needs a map to be made').toBeGreaterThan(
      0,
    )
    await frames.evaluate((held) => held.forEach((step) => void step(0)))
    await page.waitForTimeout(100)
    expect(await page.locator('#uv canvas, #uv img').count()).toBe(0)
    expect(trespass).toEqual([])
  })
})
