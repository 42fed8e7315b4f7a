import { describe, expect, it, onTestFinished } from 'vitest'
import { browserForFile, pageDrawn } from '../support/browser.ts'
import { type IiifUpstream, iiifUpstream, type UpstreamImage } from '../support/iiif-upstream.ts'
import { addRemoteItem, imagesFrom } from '../support/remote-item.ts'
import { type Site, startSite } from '../support/site.ts'

const open = browserForFile()

async function siteWithImageServer(
  image: UpstreamImage,
): Promise<{ site: Site; upstream: IiifUpstream }> {
  const upstream = await iiifUpstream(image)
  onTestFinished(() => upstream.close())
  const site = await startSite({ ini: imagesFrom(upstream) })
  await addRemoteItem(site, upstream, 'A', { ...image, names: ['page-1'] })
  return { site, upstream }
}

describe('images of an image server', () => {
  it.each<UpstreamImage>([
    { api: 2, width: 2000, height: 3000, tile: 256 },
    { api: 3, width: 2000, height: 3000, tile: 512 },
    { api: 2, width: 2000, height: 3000, tile: 1024 },
    { api: 3, width: 700, height: 900, tile: 1024 },
  ])('are drawn at every level, and no tile is refused: %j', async (image) => {
    const { site, upstream } = await siteWithImageServer(image)
    const page = await open(site, 'ann')
    const refused: string[] = []
    const tiles: string[] = []
    page.on('response', (answer) => {
      if (!answer.url().includes('/iiif/')) return
      tiles.push(answer.url())
      if (answer.status() >= 400) refused.push(`${answer.status()} ${answer.url()}`)
    })
    await site.post('ann', '/loan', { barcode: 'A' })
    await page.goto('/view/A')
    await pageDrawn(page)
    for (let step = 0; step < 5; step++) {
      await page.getByRole('button', { name: 'Zoom in' }).first().click()
      await page.waitForTimeout(400)
    }
    await pageDrawn(page)
    expect(refused).toEqual([])
    const sizes = tiles.flatMap(
      (url) => /\/\d+,\d+,(\d+),\d+\/(\d+),/.exec(url)?.slice(1, 3).map(Number) ?? [],
    )
    expect(
      sizes.some((_, i) => i % 2 === 0 && sizes[i] === sizes[i + 1]),
      'some tile at full size',
    ).toBe(true)
    expect(upstream.targets.every((target) => target.startsWith('/iiif/page-1/'))).toBe(true)
  })

  it('show nothing of where they come from', async () => {
    const { site, upstream } = await siteWithImageServer({ api: 3, width: 2000, height: 3000 })
    await site.post('ann', '/loan', { barcode: 'A' })
    const host = new URL(upstream.service('x')).host
    for (const path of [
      '/manifests/A',
      '/iiif/A/1/info.json',
      '/iiif/A/1/0,0,512,512/512,512/0/default.jpg',
    ]) {
      const answer = await site.as('ann', path)
      expect(answer.status, path).toBe(200)
      expect(JSON.stringify([...answer.headers]), path).not.toContain(host)
      expect(Buffer.from(await answer.arrayBuffer()).toString('latin1'), path).not.toMatch(
        new RegExp(`${host}|upstream`),
      )
    }
    await upstream.close()
    const gone = await site.as('ann', '/iiif/A/1/512,0,512,512/512,512/0/default.jpg')
    expect(gone.status).toBe(502)
    expect(await gone.text()).not.toContain(host)
    const cached = await site.as('ann', '/iiif/A/1/0,0,512,512/512,512/0/default.jpg')
    expect(cached.status, 'what was fetched before is still there').toBe(200)
  })
})
