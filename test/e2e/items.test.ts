import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { violations } from '../support/axe.ts'
import { browserForFile, DESKTOP, PHONE, watchForTrespass } from '../support/browser.ts'
import { RECORD, testLsp } from '../support/lsp.ts'
import { type Site, startSite } from '../support/site.ts'

const open = browserForFile()
const lsp = () =>
  testLsp({
    '001': { kind: 'found', record: RECORD },
    '004': { kind: 'unreachable', why: 'timeout' },
    A: { kind: 'several' },
  })
const barcodes = (site: Site) =>
  site.db.$client.prepare('select barcode from items order by added_at, rowid').pluck().all()

/** As a scanner does: types, and presses Enter. */
async function scan(page: Page, code: string): Promise<void> {
  await page.keyboard.type(code)
  await page.keyboard.press('Enter')
}

/** The wrong barcode is selected, so that the next scan takes its place. */
async function selected(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const field = document.activeElement as HTMLInputElement
    return field.selectionStart === 0 && field.selectionEnd === field.value.length
  })
}

const focused = (page: Page) => page.evaluate(() => document.activeElement?.id)

describe('with a barcode scanner', () => {
  it('one item after the other is looked up and added, without the mouse', async () => {
    const site = await startSite({ lsp: lsp() })
    const page = await open(site, 'lee')
    const trespass = watchForTrespass(page, site)
    await page.goto('/add')
    expect(await focused(page)).toBe('barcode')
    await scan(page, '002')
    await page.getByRole('alert').filter({ hasText: 'knows no item' }).waitFor()
    expect(await focused(page)).toBe('barcode')
    await selected(page)
    await scan(page, '001')
    const found = page.getByRole('status').filter({ hasText: 'Found in the test LSP: Optics, ' })
    await found.waitFor()
    const box = await found.boundingBox()
    expect(box?.y, 'seen by whoever looks at the button').toBeGreaterThan(0)
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThan(DESKTOP.viewport.height)
    expect(await page.inputValue('#title')).toBe('Optics')
    expect(await page.inputValue('#barcode')).toBe('001')
    expect(await focused(page)).toBe('save')
    await page.keyboard.press('Enter')
    await page.getByRole('status').filter({ hasText: 'Added: Optics' }).waitFor()
    expect(await focused(page)).toBe('barcode')
    await scan(page, '001')
    await page.getByRole('alert').filter({ hasText: 'with this barcode already' }).waitFor()
    expect(await focused(page)).toBe('barcode')
    expect(barcodes(site)).toEqual(['001'])
    expect(trespass).toEqual([])
  })

  it('Enter in the barcode goes on to the title where nobody can be asked', async () => {
    const site = await startSite()
    const page = await open(site, 'lee')
    await page.goto('/add')
    await scan(page, '003')
    expect(await focused(page)).toBe('title')
    await scan(page, 'By hand')
    await page.getByRole('status').filter({ hasText: 'Added: By hand' }).waitFor()
    expect(await focused(page)).toBe('barcode')
    expect(barcodes(site)).toEqual(['003'])
  })

  it('4.7 LSP down: the browser shows the form as it was, with the reason, and the work goes on', async () => {
    const site = await startSite({ lsp: lsp() })
    const page = await open(site, 'lee')
    await page.goto('/add')
    await page.fill('#author', 'Typed')
    await page.focus('#barcode')
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.url().endsWith('/update/add')),
      scan(page, '004'),
    ])
    expect(answer.status()).toBe(504)
    await page.getByRole('alert').filter({ hasText: 'did not answer within 10 seconds' }).waitFor()
    expect(await page.inputValue('#author')).toBe('Typed')
    expect(await focused(page)).toBe('title')
    expect(await violations(page)).toEqual([])
    await scan(page, 'By hand')
    await page.getByRole('status').filter({ hasText: 'Added: By hand' }).waitFor()
    expect(barcodes(site)).toEqual(['004'])
  })

  it('a look-up shows that it is under way, until the page is back', async () => {
    const site = await startSite({ lsp: lsp() })
    const page = await open(site, 'lee')
    await page.goto('/add')
    await page.evaluate(() =>
      new MutationObserver(([change]) => {
        sessionStorage.setItem('busy', change?.target.textContent ?? '')
      }).observe(document, { subtree: true, attributeFilter: ['aria-busy'] }),
    )
    await scan(page, '002')
    await page.getByRole('alert').filter({ hasText: 'knows no item' }).waitFor()
    expect(await page.evaluate(() => sessionStorage.getItem('busy'))).toBe('Look up')
    expect(await page.locator('[aria-busy="true"]').count()).toBe(0)
  })

  it('it all works without JavaScript', async () => {
    const site = await startSite({ lsp: lsp() })
    const page = await open(site, 'lee', { ...DESKTOP, javaScriptEnabled: false })
    await page.goto('/add')
    await page.fill('#barcode', '001')
    await page.fill('#notes', 'Kept')
    await page.getByRole('button', { name: 'Look up' }).click()
    await page.getByText('Found in the test LSP').waitFor()
    await page.getByRole('button', { name: 'Add the item' }).click()
    await page.getByText('Added: Optics').waitFor()
    await page.goto('/bulk')
    await page.setInputFiles('#csv', {
      name: 'list.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('barcode,title\n7,Seven\n'),
    })
    await page.getByRole('button', { name: 'Look at the list' }).click()
    await page.getByRole('button', { name: 'Add 1 item' }).click()
    await expect.poll(() => barcodes(site), { timeout: 10_000 }).toEqual(['001', '7'])
  })
})

describe('by keyboard alone', () => {
  it('a cover is put on an item and deleted again', async () => {
    const site = await startSite()
    await site.addItem('A', { convert: false })
    const page = await open(site, 'lee')
    await page.goto('/edit/A')
    await page.setInputFiles('#cover', {
      name: 'cover.png',
      mimeType: 'image/png',
      buffer: await sharp({ create: { width: 60, height: 90, channels: 3, background: 'teal' } })
        .png()
        .toBuffer(),
    })
    await page.focus('#title')
    await page.keyboard.press('Enter')
    await page.getByRole('img', { name: 'Cover of this item' }).waitFor()
    await page.focus('a[href="/delete-thumbnail/A"]')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Delete the cover' }).waitFor()
    await page.focus('main button')
    await page.keyboard.press('Enter')
    await page.getByText('Saved.').waitFor()
    expect(await page.getByRole('img').count()).toBe(0)
  })

  it('a list is looked at and added, and the page says when it is done', async () => {
    const site = await startSite()
    const page = await open(site, 'lee')
    await page.goto('/bulk')
    const rows = Array.from({ length: 1000 }, (_, n) => `b${n},Title ${n}`)
    await page.setInputFiles('#csv', {
      name: 'list.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(['barcode,title', ...rows, '../x,Bad'].join('\n')),
    })
    await page.focus('form button')
    await page.keyboard.press('Enter')
    await page.getByText('1 row cannot be added').waitFor()
    await page.focus('form button')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Adding the items' }).waitFor()
    await page.getByRole('heading', { name: 'The items are added' }).waitFor()
    await page.getByRole('status').filter({ hasText: 'The items are added' }).waitFor()
    expect(barcodes(site)).toHaveLength(1000)
  })
})

describe.each([
  ['a desktop', DESKTOP],
  ['a phone', PHONE],
  ['a dark desktop', { ...DESKTOP, colorScheme: 'dark' as const }],
])('on %s, axe finds nothing wrong with', (_, device) => {
  it('the pages that add and change items, and they fit', { timeout: 120_000 }, async () => {
    const site = await startSite({ lsp: lsp() })
    await site.addItem('A', { convert: false })
    const page = await open(site, 'lee', { ...device, reducedMotion: 'reduce' })
    const trespass = watchForTrespass(page, site)
    const found: string[] = []
    const look = async () => {
      found.push(...(await violations(page)))
      const wider = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(wider, page.url()).toBe(0)
    }
    for (const path of ['/add?added=A', '/edit/A?saved=yes', '/delete-thumbnail/A', '/refresh/A']) {
      await page.goto(path)
      await look()
    }
    await page.goto('/edit/A')
    await page.fill('#num_copies', '-1')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Please mend this first' }).waitFor()
    expect(await focused(page)).toBe('num_copies')
    await look()
    await page.getByRole('button', { name: 'Look up' }).click()
    await page.getByRole('alert').filter({ hasText: 'more than one' }).waitFor()
    await look()
    await page.goto('/refresh')
    await page.getByRole('button', { name: 'Compare 1 item' }).click()
    await page.getByRole('heading', { name: 'All items are compared' }).waitFor()
    await look()
    await page.goto('/bulk')
    await look()
    await page.setInputFiles('#csv', {
      name: 'list.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('barcode,title\n1,One\n../x,Bad\nA,There\n'),
    })
    await page.getByRole('button', { name: 'Look at the list' }).click()
    await page.getByRole('button', { name: 'Add 1 item' }).waitFor()
    await look()
    await page.getByRole('button', { name: 'Add 1 item' }).click()
    await page.getByRole('heading', { name: 'The items are added' }).waitFor()
    await look()
    expect(found).toEqual([])
    expect(trespass).toEqual([])
  })
})
