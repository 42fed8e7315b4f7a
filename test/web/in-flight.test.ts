/** A loan that ends while an image is on its way. */
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { HOUR } from '../../src/clock.ts'
import { answer } from '../support/fault-upstream.ts'
import { type Reading, readingFrom } from '../support/reading.ts'

const TILE = '/iiif/A/1/0,0,512,512/512,512/0/default.jpg'

/** `between` happens when the headers of an image have come from the image server. */
async function reading(between: () => void | Promise<void>): Promise<Reading> {
  const background = { width: 512, height: 512, channels: 3, background: 'red' } as const
  const image = answer(await sharp({ create: background }).jpeg().toBuffer())
  return readingFrom(async (socket) => {
    const body = image.indexOf('\r\n\r\n') + 4
    socket.write(image.subarray(0, body))
    await between()
    socket.end(image.subarray(body))
  })
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
