import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { violations } from '../support/axe.ts'
import { browserForFile, DESKTOP, PHONE, pageDrawn, watchForTrespass } from '../support/browser.ts'
import { testFolder } from '../support/folder.ts'
import { startSite } from '../support/site.ts'

const open = browserForFile()

describe.each([
  ['a desktop', DESKTOP],
  ['a phone', PHONE],
])('on %s, staff', (_, device) => {
  it('see an item that is not ready in the viewer, marked as a preview', async () => {
    const folder = testFolder()
    mkdirSync(join(folder, 'texts'))
    writeFileSync(join(folder, 'texts/announcement.md'), 'Rest on [Monday](/about).')
    const site = await startSite({ folder })
    await site.addItem('A', { ready: false })
    const page = await open(site, 'lee', { ...device, reducedMotion: 'reduce' })
    const trespass = watchForTrespass(page, site)
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await page.goto('/item/A')
    await page.getByRole('link', { name: 'Preview this item' }).click()
    await page.waitForURL('**/preview/A')
    await pageDrawn(page)
    expect(await page.getByText('Preview: not a loan').isVisible()).toBe(true)
    expect(await page.getByRole('button', { name: 'Return' }).count()).toBe(0)
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Dismiss' }).click()
    expect(await page.getByText('Rest on').isVisible()).toBe(false)
    await page.waitForTimeout(1200)
    expect(await page.locator('[data-time]').isVisible(), 'no clock runs').toBe(false)
    expect(asked.filter((path) => /^\/(iiif|manifests|item-status)\//.test(path))).toEqual([
      '/item-status/A',
    ])
    expect(trespass).toEqual([])
  })
})
