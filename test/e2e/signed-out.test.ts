import { createServer } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { borrowInBrowser, browserForFile, pageDrawn } from '../support/browser.ts'
import { freePort, startSite } from '../support/site.ts'

const open = browserForFile()

describe('a sign-in that runs out while somebody reads', () => {
  it('4.3 SSO times out inside the viewer: it says so, and asks no more', async () => {
    const idpPort = await freePort()
    const idp = createServer((_, answer) => answer.end('Sign in')).listen(idpPort, '127.0.0.1')
    onTestFinished(() => void idp.close())
    const site = await startSite()
    await site.addItem('A', { pages: 4 })
    const page = await open(site, 'ann')
    await borrowInBrowser(page, 'A')
    const first = await pageDrawn(page)

    const asked: string[] = []
    await page.route(`${site.url}/**`, (route) => {
      asked.push(new URL(route.request().url()).pathname)
      return route.fulfill({
        status: 302,
        headers: { location: `http://127.0.0.1:${idpPort}/sso?target=${route.request().url()}` },
      })
    })
    await page.keyboard.press('ArrowRight')
    await page.getByRole('heading', { name: 'You have been signed out' }).waitFor()
    expect(await page.locator('[data-over]').innerText()).toContain('Reload the page to sign in')
    expect(await page.locator('#uv canvas').count(), 'no page stays on the screen').toBe(0)
    expect(asked, 'needs tiles that were redirected').toContainEqual(
      expect.stringMatching(/^\/iiif/),
    )
    const soFar = asked.length
    await page.waitForTimeout(1500)
    expect(asked.length, 'nothing is tried again and again').toBe(soFar)
    expect(soFar).toBeLessThan(40)

    await page.unroute(`${site.url}/**`)
    await page.getByText('Reload the page', { exact: true }).click()
    expect(await pageDrawn(page), 'the page where the reader was').not.toBe(first)
  })
})
