import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { violations } from '../support/axe.ts'
import { browserForFile, DESKTOP, PHONE, watchForTrespass } from '../support/browser.ts'
import { testFolder } from '../support/folder.ts'
import { startSite } from '../support/site.ts'

const open = browserForFile()

async function siteWithTexts() {
  const folder = testFolder()
  mkdirSync(join(folder, 'texts'))
  const texts = {
    announcement: 'On **Monday** the service rests from 6 to 7.',
    about: 'The library of *Example* lends what it owns.',
    policy: '## Rules\n\n- Be quick\n- Be kind\n\nSee [more](https://library.example.edu).',
    'copyright-notice': 'The copyright law governs the making of copies.\n\nDo not copy.',
    footer: 'Questions? [Ask us](https://library.example.edu/ask).',
  }
  for (const [name, text] of Object.entries(texts))
    writeFileSync(join(folder, 'texts', `${name}.md`), text)
  writeFileSync(
    join(folder, 'logo.svg'),
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100"><rect width="300" height="100" rx="20" fill="#8b0000"/><circle cx="50" cy="50" r="30" fill="#fff"/></svg>',
  )
  const site = await startSite({
    folder,
    ini: 'SITE_NAME = Course Reserves\nLIBRARY_NAME = Example Library\nLOGO_FILE = logo.svg\nACCENT_COLOUR = #8b0000',
  })
  await site.addItem('A')
  return site
}

describe.each([
  ['a desktop', DESKTOP],
  ['a phone', PHONE],
  ['a dark desktop', { ...DESKTOP, colorScheme: 'dark' as const }],
])("on %s, the library's texts", (_, device) => {
  it('are accessible, and lead to a loan once the notice is accepted', async () => {
    const site = await siteWithTexts()
    const page = await open(site, 'ann', { ...device, reducedMotion: 'reduce' })
    const trespass = watchForTrespass(page, site)
    const found: string[] = []
    for (const path of ['/', '/about', '/item/A']) {
      await page.goto(path)
      found.push(...(await violations(page)))
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth),
        `${path} fits the window`,
      ).toBe(true)
    }
    await page.getByText('Get loan').click()
    found.push(...(await violations(page)))
    await page.getByRole('button', { name: 'Start the loan' }).click()
    expect(new URL(page.url()).pathname, 'the browser asks for the tick').toBe('/item/A')
    await page.getByLabel('I have read the copyright notice').check()
    await page.getByRole('button', { name: 'Start the loan' }).click()
    await page.waitForURL('**/view/A')
    expect(found).toEqual([])
    expect(trespass).toEqual([])
  })
})

describe('without JavaScript, the copyright notice', () => {
  it('is asked for by the server when the browser does not, with the box at hand', async () => {
    const site = await siteWithTexts()
    const page = await open(site, 'ann', { ...PHONE, javaScriptEnabled: false })
    await page.goto('/item/A')
    await page.getByText('Get loan').click()
    expect(await page.getByRole('checkbox').getAttribute('required')).toBe('')
    const answer = await site.post('ann', '/loan', { barcode: 'A' })
    expect(answer.status).toBe(400)
    await page.getByRole('checkbox').check()
    await page.getByRole('button', { name: 'Start the loan' }).click()
    await page.waitForURL('**/view/A')
    expect(site.db.$client.prepare('select count(*) from loans').pluck().get()).toBe(1)
  })

  it('comes back open and accessible when it was not accepted', async () => {
    const site = await siteWithTexts()
    const page = await open(site, 'ann')
    await page.goto('/item/A')
    await page.evaluate(() => document.querySelector('#accepted')?.removeAttribute('required'))
    await page.getByText('Get loan').click()
    await page.getByRole('button', { name: 'Start the loan' }).click()
    await page.getByRole('heading', { name: 'The loan has not started' }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('link', { name: 'Accept the copyright notice' }).click()
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('accepted')
  })
})
