import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { borrowInBrowser, browserForFile, DESKTOP, pageDrawn } from '../support/browser.ts'
import { type Site, startSite } from '../support/site.ts'

const open = browserForFile()

/** What the browser asks the server for, and does not find in its own cache, from now on. */
async function watchLine(page: Page): Promise<string[]> {
  const asked: string[] = []
  const line = await page.context().newCDPSession(page)
  const cached = new Set<string>()
  await line.send('Network.enable')
  line.on('Network.requestServedFromCache', ({ requestId }) => cached.add(requestId))
  line.on('Network.responseReceived', ({ requestId, response }) => {
    const { pathname } = new URL(response.url)
    if (!pathname.startsWith('/iiif/') || response.fromDiskCache || cached.has(requestId)) return
    asked.push(pathname.replace('/iiif/A/', ''))
  })
  return asked
}

const ofImage = (asked: readonly string[], n: number) =>
  asked.filter((path) => path.startsWith(`${n}/`))

/** The answers for an image have stopped coming. */
async function settled(page: Page, asked: readonly string[]): Promise<void> {
  for (let before = -1; before !== asked.length; ) {
    before = asked.length
    await page.waitForTimeout(500)
  }
}

async function firstPage(site: Site, page: Page): Promise<string[]> {
  await site.addItem('A', { pages: 4 })
  const asked = await watchLine(page)
  await borrowInBrowser(page, 'A')
  await pageDrawn(page)
  await settled(page, asked)
  return asked
}

describe('while the reader rests', () => {
  it.each([
    ['on a plain screen', DESKTOP],
    ['on a sharp one', { ...DESKTOP, deviceScaleFactor: 2 }],
  ])(
    'the next page is fetched, %s, and turning to it asks for nothing again',
    async (_, device) => {
      const site = await startSite()
      const page = await open(site, 'ann', device)
      const asked = await firstPage(site, page)
      const shape = (n: number) =>
        ofImage(asked, n)
          .map((path) => path.slice(2))
          .sort()
      expect(shape(1).length, 'needs tiles of several levels').toBeGreaterThan(3)
      expect(shape(2)).toEqual(shape(1))
      expect(ofImage(asked, 3)).toEqual([])

      await page.keyboard.press('ArrowRight')
      await page
        .locator('[data-status-line]', { hasText: 'Page 2 of 4' })
        .waitFor({ state: 'attached' })
      await settled(page, asked)
      expect(shape(2)).toEqual(shape(1))
      expect(shape(3)).toEqual(shape(1))
      expect(ofImage(asked, 4)).toEqual([])
    },
  )

  it('both pages of the next opening are fetched where two are seen at a time', async () => {
    const site = await startSite()
    const page = await open(site, 'ann')
    const asked = await firstPage(site, page)
    await page.locator('button.two-up').click({ timeout: 5000 })
    await settled(page, asked)
    const opening = [...asked]
    expect(ofImage(opening, 2)).not.toEqual([])
    expect(ofImage(opening, 3)).not.toEqual([])
    await page.keyboard.press('ArrowRight')
    await settled(page, asked)
    const later = asked.slice(opening.length)
    expect(ofImage(later, 4), 'needs a turned page').not.toEqual([])
    expect([...ofImage(later, 2), ...ofImage(later, 3)]).toEqual([])
  })

  it.each([
    ['data is to be saved', { connection: { saveData: true } }, {}],
    ['nobody sees the window', {}, { hidden: true }],
  ])('nothing is fetched where %s', async (_, ofNavigator, ofDocument) => {
    const site = await startSite()
    const page = await open(site, 'ann')
    await page.addInitScript(
      (given) => {
        for (const [key, value] of Object.entries(given.ofNavigator)) {
          Object.defineProperty(navigator, key, { value })
        }
        for (const [key, value] of Object.entries(given.ofDocument)) {
          Object.defineProperty(document, key, { value })
        }
      },
      { ofNavigator, ofDocument },
    )
    const asked = await firstPage(site, page)
    expect(ofImage(asked, 1)).not.toEqual([])
    expect(ofImage(asked, 2)).toEqual([])
  })
})
