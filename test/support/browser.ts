/// <reference lib="dom" />
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { launchChromium } from './chromium.ts'
import type { Site } from './site.ts'

export const DESKTOP = { viewport: { width: 1280, height: 800 } }
export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

/** One browser for all tests of a file. @returns a function that opens pages in it */
export function browserForFile() {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  /** A window of its own for this person, whom the front server would have signed in. */
  return async (
    site: Site,
    name: string | undefined,
    options: BrowserContextOptions = DESKTOP,
  ): Promise<Page> => {
    const context = await browser.newContext({
      baseURL: site.url,
      ...options,
      ...(name === undefined ? {} : { extraHTTPHeaders: { REMOTE_USER: name } }),
    })
    onTestFinished(() => context.close())
    return context.newPage()
  }
}

/** What a page must not do, collected from now on: reach another host, break its own policy. */
export function watchForTrespass(page: Page, site: Site): string[] {
  const found: string[] = []
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(`${site.url}/`) && !url.startsWith('data:')) found.push(url)
  })
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) found.push(message.text())
  })
  page.on('pageerror', (error) => found.push(String(error)))
  return found
}

/** Presses through the item's page to the viewer. */
export async function borrowInBrowser(page: Page, item: string): Promise<void> {
  await page.goto(`/item/${item}`)
  await page.getByText('Get loan').click()
  await page.getByRole('button', { name: 'Start the loan' }).click()
  await page.waitForURL(`**/view/${item}`)
}

/**
 * Waits until the canvas shows a page and has stopped changing.
 *
 * @param before the fingerprint of the page that was there before, which is not waited for
 * @param within what the canvas is in: the page by itself, unless something else is meant
 * @returns a short fingerprint of what it shows
 */
export async function pageDrawn(page: Page, before = '', within = '#uv'): Promise<string> {
  const drawn = await page.waitForFunction(
    ([old, place]) => {
      const canvas = document.querySelector<HTMLCanvasElement>(
        `${place} .openseadragon-canvas canvas`,
      )
      const copy = Object.assign(document.createElement('canvas'), { width: 64, height: 64 })
      const context = copy.getContext('2d')
      if (!canvas?.width || !context) return false
      context.drawImage(canvas, 0, 0, 64, 64)
      const { data } = context.getImageData(0, 0, 64, 64)
      let light = 0
      let print = 0
      for (let i = 0; i < data.length; i += 4) {
        if (data[i]! + data[i + 1]! + data[i + 2]! > 300) light++
        print = (print * 31 + data[i]! + 7 * data[i + 1]! + 13 * data[i + 2]!) | 0
      }
      const seen = document.body.dataset
      if (light < 200 || String(print) === old || seen.print !== String(print)) {
        seen.print = String(print)
        seen.since = String(performance.now())
        return false
      }
      return performance.now() - Number(seen.since) > 500 && String(print)
    },
    [before, within] as const,
    { polling: 100, timeout: 20_000 },
  )
  return String(await drawn.jsonValue())
}

/** Lets the page look at the server's clock, as when somebody comes back to the window. */
export async function lookAgain(page: Page): Promise<void> {
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
}
