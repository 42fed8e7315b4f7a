import { get } from 'node:http'
import { describe, expect, it } from 'vitest'
import { type Site, startSite } from '../support/site.ts'

/** What travels, as a browser asks for it. */
async function sent(site: Site, path: string) {
  return new Promise<{ body: Buffer; encoding: string | undefined }>((resolve, reject) => {
    const headers = { 'accept-encoding': 'br, gzip', remote_user: 'ann' }
    get(`${site.url}${path}`, { headers }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part) => parts.push(part))
      answer.on('end', () => {
        if (answer.statusCode !== 200) return reject(new Error(`${path}: ${answer.statusCode}`))
        resolve({ body: Buffer.concat(parts), encoding: answer.headers['content-encoding'] })
      })
    }).on('error', reject)
  })
}

async function viewerPage() {
  const site = await startSite()
  await site.addItem('A', { pages: 4 })
  await site.post('ann', '/loan', { barcode: 'A' })
  const html = (await sent(site, '/view/A')).body.toString()
  const linked = [...html.matchAll(/<(?:link|script)\b[^>]*?(?:href|src)="([^"]+)"/g)]
  return { site, html, files: linked.map(([, url]) => (url ?? '').replace(site.url, '')) }
}

describe('what the viewer page loads before the first tile', () => {
  it('is at most 350 KB', async () => {
    const { site, files } = await viewerPage()
    const all = ['/view/A', ...files, '/item-status/A', '/iiif/A/1/info.json']
    const answers = await Promise.all(all.map((path) => sent(site, path)))
    expect(answers.reduce((sum, { body }) => sum + body.length, 0)).toBeLessThan(350_000)
    const large = answers.filter(({ body }) => body.length > 10_000)
    expect(new Set(large.map(({ encoding }) => encoding))).toEqual(new Set(['br']))
  })

  it('is two scripts, both named in the page, that wait for no other', async () => {
    const { site, files } = await viewerPage()
    const scripts = files.filter((path) => path.endsWith('.js'))
    expect(scripts).toEqual([expect.stringMatching(/^\/viewer\/.*\/uv\.js$/), '/static/reader.js'])
    for (const path of scripts) {
      const script = (await sent(site, path)).body
      expect(script.length, 'needs a script').toBeGreaterThan(1000)
      const text = await (await site.as('ann', path)).text()
      expect(text).not.toMatch(/(?:from|^import) ?["']\./m)
    }
  })

  it('has the manifest on its way, asked for just as the viewer will', async () => {
    const { html, site } = await viewerPage()
    expect(html).toContain(
      `<link rel="preload" href="${site.url}/manifests/A" as="fetch" crossorigin>`,
    )
  })
})
