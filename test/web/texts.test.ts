import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { toHtml } from '../../src/web/texts.ts'
import { testFolder } from '../support/folder.ts'
import { startSite } from '../support/site.ts'

function folderWith(texts: Record<string, string | Buffer>) {
  const folder = testFolder()
  mkdirSync(join(folder, 'texts'))
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, 'texts', name), text)
  return folder
}

describe('a text of the library', () => {
  it('is Markdown, its headings below the one of the page', () => {
    expect(toHtml('# Rules\n\nNo *copies*. See [the page](/about).')).toBe(
      '<h2>Rules</h2>\n<p>No <em>copies</em>. See <a href="/about">the page</a>.</p>',
    )
  })

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    'a <b onclick="alert(1)">b</b>',
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](&#106;avascript:alert(1))',
    '[x](java\tscript:alert(1))',
    '[x](<java\nscript:alert(1)>)',
    '[x](\u0001javascript:alert(1))',
    '[x](data:text/html,<script>alert(1)</script>)',
    '[x](vbscript:x)',
    '[x](file:///etc/passwd)',
    '<javascript:alert(1)>',
    '![x](https://elsewhere.example/track.png)',
    '[x](/a "\\" onmouseover=\\"alert(1)")',
    '| a |\n|:-:|\n| b |',
  ])('brings nothing that runs, tracks or breaks the page: %j', (text) => {
    const html = toHtml(text)
    const tags = [...html.matchAll(/<([a-z0-9]+)([^>]*)>/gi)]
    for (const [, tag, attributes] of tags) {
      expect(['p', 'a', 'img-none']).toContain(tag)
      const href = /^ href="([^"]*)"(?: title="[^"]*")?$/.exec(attributes!)?.[1]
      if (tag === 'a') expect(href).toMatch(/^(\/|https?:|java%09|%01)/)
      else expect(attributes).toBe('')
    }
  })

  it('shows where it belongs, and again as soon as its file changes', async () => {
    const folder = folderWith({
      'announcement.md': 'Closed on **Monday**.',
      'about.md': 'This is *our* service.',
      'policy.md': '# Rules\n\nBe kind.',
      'footer.md': 'Ask [us](https://library.example.edu).',
    })
    const site = await startSite({ folder })
    const page = async (path: string, who?: string) => (await site.as(who, path)).text()
    for (const path of ['/', '/about', '/nothing', '/item/x']) {
      expect(await page(path), path).toContain('<p>Closed on <strong>Monday</strong>.</p>')
      expect(await page(path), path).toContain('href="https://library.example.edu"')
    }
    expect(await page('/')).toContain('<h2>Rules</h2>')
    const about = await page('/about')
    expect(about).toContain('This is <em>our</em> service.')
    expect(about).not.toContain('This is controlled digital lending')
    expect(about).toContain('What is kept about you')
    writeFileSync(join(folder, 'texts/announcement.md'), 'Open again, <script>.')
    expect(await page('/')).toContain('<p>Open again, &lt;script&gt;.</p>')
    rmSync(join(folder, 'texts/announcement.md'))
    expect(await page('/')).not.toContain('Announcement')
  })

  it('stays as it was when its file turns unreadable, and is said once in the log', async () => {
    const folder = folderWith({ 'announcement.md': 'Readable.' })
    const site = await startSite({ folder })
    writeFileSync(join(folder, 'texts/announcement.md'), Buffer.from([0x61, 0xff, 0x62]))
    for (let n = 0; n < 3; n++) {
      expect(await (await site.as(undefined, '/')).text()).toContain('Readable.')
    }
    expect(site.log.filter(({ msg }) => msg === 'text.unreadable')).toHaveLength(1)
  })

  it('stops the start when it cannot be read then', async () => {
    const folder = folderWith({ 'copyright-notice.md': Buffer.from([0xff]) })
    await expect(startSite({ folder })).rejects.toThrow(/copyright-notice\.md cannot be read/)
  })
})

describe("the library's own look", () => {
  it('is name, logo and colour; without them nothing changes', async () => {
    const folder = testFolder()
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="100"><script>alert(1)</script><rect width="400" height="100" fill="#8b0000"/></svg>`
    writeFileSync(join(folder, 'logo.svg'), svg)
    const site = await startSite({
      folder,
      ini: 'SITE_NAME = Loans & Co\nLIBRARY_NAME = Example Library\nLOGO_FILE = logo.svg\nACCENT_COLOUR = #8b0000',
    })
    const page = await (await site.as(undefined, '/')).text()
    expect(page).toContain('· Loans &amp; Co</title>')
    expect(page).toContain('Example Library lends scans')
    expect(page).toContain('<img src="/logo" alt="" width="192" height="48">')
    expect(page.indexOf('/site.css')).toBeGreaterThan(page.indexOf('/static/carrel.css'))
    const logo = await site.as(undefined, '/logo')
    expect([logo.status, logo.headers.get('content-type')]).toEqual([200, 'image/png'])
    const picture = await sharp(Buffer.from(await logo.arrayBuffer())).metadata()
    expect([picture.format, picture.width, picture.height]).toEqual(['png', 384, 96])
    const style = await site.as(undefined, '/site.css')
    expect(style.headers.get('content-type')).toBe('text/css; charset=utf-8')
    expect(await style.text()).toContain('--accent: #8b0000')

    const plain = await startSite()
    expect(await (await plain.as(undefined, '/')).text()).not.toMatch(/\/logo|\/site\.css/)
    expect((await plain.as(undefined, '/logo')).status).toBe(404)
    expect((await plain.as(undefined, '/site.css')).status).toBe(404)
  })

  it('stops the start when the logo is no picture', async () => {
    const folder = testFolder()
    writeFileSync(join(folder, 'logo.png'), 'no picture')
    await expect(startSite({ folder, ini: 'LOGO_FILE = logo.png' })).rejects.toThrow(
      /\[carrel\] LOGO_FILE: .*logo\.png cannot be read as a picture/,
    )
  })
})
