/** A loan that ends while an image is on its way. */
import sharp from 'sharp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HOUR } from '../../src/clock.ts'
import { answer, faultUpstream } from '../support/fault-upstream.ts'
import { infoJson } from '../support/iiif-upstream.ts'
import { addRemoteItem, imagesFrom } from '../support/remote-item.ts'
import { startSite } from '../support/site.ts'

const IMAGE = { api: 3, width: 2000, height: 3000 } as const
const TILE = '/iiif/A/1/0,0,512,512/512,512/0/default.jpg'

/** Ann has A on loan; `between` happens when half of an image has come from the image server. */
async function reading(between: () => void | Promise<void>) {
  const upstream = await faultUpstream()
  onTestFinished(() => upstream.close())
  const named = { service: (name: string) => `${upstream.origin}/iiif/${name}` }
  const site = await startSite({ ini: imagesFrom(named) })
  await addRemoteItem(site, named, 'A', { ...IMAGE, names: ['a-1'] })
  await site.post('ann', '/loan', { barcode: 'A' })
  const background = { width: 512, height: 512, channels: 3, background: 'red' } as const
  const image = answer(await sharp({ create: background }).jpeg().toBuffer())
  upstream.play(async (socket, { target }) => {
    if (target.endsWith('info.json')) {
      const info = JSON.stringify(infoJson(IMAGE, `${upstream.origin}${target}`))
      return void socket.end(answer(info, { type: 'application/json' }))
    }
    socket.write(image.subarray(0, image.length / 2))
    await between()
    socket.end(image.subarray(image.length / 2))
  })
  const images = () => upstream.targets.filter((target) => !target.endsWith('info.json'))
  return { site, images }
}

describe('an image on its way', () => {
  it('1.8 loan ends while a tile is in flight: 403, no byte of it; the next reader has it', async () => {
    const { site, images } = await reading(() => {
      site.clock.t += 2 * HOUR
    })
    const late = await site.as('ann', TILE)
    expect([late.status, late.headers.get('cache-control')]).toEqual([403, 'no-store'])
    expect(late.headers.get('etag')).toBeNull()
    expect(await late.json()).toMatchObject({ error: 'not-on-loan' })
    await site.post('bob', '/loan', { barcode: 'A' })
    expect((await site.as('bob', TILE)).status).toBe(200)
    expect(images(), 'fetched once, for both').toHaveLength(1)
  })

  it('1.8 loan is returned in another tab while a tile is in flight: 403', async () => {
    const { site } = await reading(async () => {
      await site.post('ann', '/return/A')
    })
    expect((await site.as('ann', TILE)).status).toBe(403)
  })

  it('1.8 a loan that runs is not disturbed by the check before the first byte', async () => {
    const { site } = await reading(() => {
      site.clock.t += HOUR
    })
    const answered = await site.as('ann', TILE)
    expect([answered.status, (await answered.arrayBuffer()).byteLength > 500]).toEqual([200, true])
  })
})
