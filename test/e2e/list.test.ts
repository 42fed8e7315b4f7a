import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { convertScans } from '../../src/scans/convert.ts'
import { violations } from '../support/axe.ts'
import { browserForFile, DESKTOP, lookAgain, PHONE, watchForTrespass } from '../support/browser.ts'
import { paintScans } from '../support/paint.ts'
import { type Site, startSite } from '../support/site.ts'

const open = browserForFile()

const row = (page: Page, item: string) => page.locator(`#item-${item}`)
const state = (page: Page, item: string) => row(page, item).locator('[data-state]')

/** Presses Tab until the control with this name has the focus, as somebody without a mouse. */
async function tabTo(page: Page, name: string): Promise<void> {
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: at } = document
      const label = at?.id ? document.querySelector(`label[for="${at.id}"]`) : null
      return (at?.getAttribute('aria-label') ?? label?.textContent ?? at?.textContent ?? '').trim()
    })
  for (let presses = 0; presses < 80; presses++) {
    if ((await focused()) === name) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not reach ${name}`)
}

async function press(page: Page, name: string): Promise<void> {
  await tabTo(page, name)
  const loaded = page.waitForEvent('load')
  await page.keyboard.press('Enter')
  await loaded
}

function scanFile({ settings }: Site, item: string, stage: string): string {
  mkdirSync(settings.processDir ?? '', { recursive: true })
  return join(settings.processDir ?? '', `${item}-${stage}`)
}

describe('the list of items in a browser', () => {
  it('is walked by keyboard alone: process, problem, try again, ready, lending, remove', async () => {
    const site = await startSite()
    const item = await site.addItem('A', { ready: false, convert: false })
    await site.addItem('B', { ready: false, convert: false })
    const page = await open(site, 'lee')
    const trespass = watchForTrespass(page, site)
    await page.goto('/list')
    await press(page, 'Process Title of A')
    expect(await state(page, 'A').textContent()).toBe('Waiting to be processed')

    renameSync(scanFile(site, 'A', 'initiated'), scanFile(site, 'A', 'processing'))
    await state(page, 'A').getByText('Being processed').waitFor()
    const said = page.locator('[data-announce]')
    expect(await said.textContent()).toBe('Title of A: Being processed')
    writeFileSync(scanFile(site, 'A', 'problem'), 'A_002.tif is missing.')
    rmSync(scanFile(site, 'A', 'processing'))
    await row(page, 'A').getByText('A_002.tif is missing.').waitFor()

    await press(page, 'Try again Title of A')
    await paintScans(site.settings.scansDir, item, 1)
    await convertScans(item, { ...site.settings, presentation: 3, clock: site.clock })
    await state(page, 'A').getByText('Not ready').waitFor()
    await press(page, 'Make ready Title of A')
    expect(await state(page, 'A').textContent()).toBe('Ready to lend')

    await site.post('ann', '/loan', { barcode: 'A' })
    await lookAgain(page)
    await state(page, 'A').getByText('Lending').waitFor()
    await press(page, 'Take back… Title of A')
    await tabTo(page, 'Let them finish')
    await page.keyboard.press('ArrowDown')
    await press(page, 'Take back')
    expect(await state(page, 'A').textContent()).toBe('Not ready')
    expect((await site.as('ann', '/manifests/A')).status).toBe(403)

    await press(page, 'Remove Title of A')
    await press(page, 'Remove the item')
    expect(await page.locator('.done').textContent()).toContain('A was removed.')
    expect(await row(page, 'A').count()).toBe(0)
    expect(trespass).toEqual([])
  })

  it('finds while somebody types, says how many, and keeps the cursor and the address', async () => {
    const site = await startSite()
    for (const item of ['B1', 'B2', 'C42']) await site.addItem(item, { convert: false })
    const page = await open(site, 'lee')
    await page.goto('/list?sort=barcode')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('q')
    await page.keyboard.type('c4')
    await page
      .locator('[data-announce]')
      .getByText('1 item fits “c4”')
      .waitFor({ state: 'attached' })
    expect(await page.locator('[data-item]').count()).toBe(1)
    expect(new URL(page.url()).search).toBe('?q=c4&sort=barcode')
    await page.keyboard.type('x')
    await page.getByText('No item fits').first().waitFor()
    // A scanner types and presses Enter; the next barcode replaces the last one.
    await page.fill('#q', '')
    for (const scanned of ['B1', 'C42']) {
      await page.keyboard.type(scanned)
      const loaded = page.waitForEvent('load')
      await page.keyboard.press('Enter')
      await loaded
      expect(await page.locator('[data-item]').getAttribute('id')).toBe(`item-${scanned}`)
      expect(await page.inputValue('#q')).toBe(scanned)
    }
  })

  it('copies the address that readers are given', async () => {
    const site = await startSite()
    await site.addItem('A', { convert: false })
    const page = await open(site, 'lee', {
      ...DESKTOP,
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    await page.goto('/list')
    await page.getByRole('button', { name: 'Copy link to Title of A' }).click()
    await page.getByText('Copied', { exact: true }).waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${site.url}/item/A`)
  })

  it('works without scripts, and then shows nothing that needs them', async () => {
    const site = await startSite()
    await site.addItem('Z1')
    await site.addItem('Z2', { convert: false })
    const page = await open(site, 'lee', { ...PHONE, javaScriptEnabled: false })
    await page.goto('/list')
    expect(await page.getByText('Copy link').first().isVisible()).toBe(false)
    await page.fill('#q', 'title z1')
    await page.getByRole('button', { name: 'Find' }).click()
    expect(await page.locator('[data-item]').count()).toBe(1)
    await page.getByRole('button', { name: 'Take back Title of Z1' }).click()
    expect(await state(page, 'Z1').textContent()).toBe('Not ready')
    expect(new URL(page.url()).search).toBe('?q=title+z1')
  })
})

describe.each([
  ['a desktop', DESKTOP],
  [
    'a narrow dark phone',
    { ...PHONE, viewport: { width: 320, height: 640 }, colorScheme: 'dark' as const },
  ],
])('on %s', (_, device) => {
  it('axe finds nothing wrong with the list and the pages that ask, and nothing sticks out', async () => {
    const site = await startSite()
    await site.addItem('A', { copies: 2 })
    await site.addItem('NOTHING-YET', { ready: false, convert: false })
    await site.addItem('PROBLEM', { ready: false, convert: false })
    writeFileSync(
      scanFile(site, 'PROBLEM', 'problem'),
      'PROBLEM_002.tif is missing between 1 and 3.',
    )
    for (const who of ['ann', 'bob']) await site.post(who, '/loan', { barcode: 'A' })
    site.db.$client.exec("update items set copies = 1 where barcode = 'A'")
    const page = await open(site, 'lee', { ...device, reducedMotion: 'reduce' })
    const wrong: string[] = []
    const look = async () => {
      wrong.push(...(await violations(page)))
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      if (wide > 0) wrong.push(`${page.url()} is ${wide} px too wide`)
    }
    for (const path of [
      '/list',
      '/list?q=nowhere',
      '/list?removed=X&sort=author&order=desc',
      '/ready?barcode=A',
      '/end-newest?barcode=A',
      '/remove?barcode=A',
      '/remove?barcode=PROBLEM',
    ]) {
      await page.goto(path)
      await look()
    }
    await page.goto('/remove?barcode=A')
    await page.getByRole('button', { name: 'Remove the item' }).click()
    await page.getByRole('heading', { name: 'Please mend this first' }).waitFor()
    await look()
    expect(wrong).toEqual([])
  })
})
