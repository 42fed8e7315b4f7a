import { describe, expect, it } from 'vitest'
import { auditIn } from '../../src/audit/audit.ts'
import { MINUTE, SECOND } from '../../src/clock.ts'
import { type Site, startSite } from '../support/site.ts'

const TILE = '0,0,512,512/256,/0/default.jpg'
const VIEW = 'full/400,/0/default.jpg'
const THUMBNAIL = 'full/200,/0/default.jpg'

async function reading(ini: string, pages = 4): Promise<Site> {
  const site = await startSite({ ini })
  await site.addItem('A', { pages })
  await site.post('ann', '/loan', { barcode: 'A' })
  return site
}

const ask = (site: Site, page: number, path: string) => site.as('ann', `/iiif/A/${page}/${path}`)

describe('a program that copies a book', () => {
  it('1.8 bulk download: gets 429 and when to go on, in words, after the burst', async () => {
    const site = await reading('READ_BURST = 5\nREAD_PER_SECOND = 0.5')
    const statuses: number[] = []
    for (let n = 0; n < 4; n++) statuses.push((await ask(site, 1, TILE)).status)
    statuses.push((await ask(site, 1, 'info.json')).status)
    expect(statuses).toEqual([200, 200, 200, 200, 200])
    const slowed = await ask(site, 1, TILE)
    expect([slowed.status, slowed.headers.get('retry-after')]).toEqual([429, '2'])
    expect(await slowed.json()).toEqual({
      error: 'too-fast',
      message: 'Pages of this loan are asked for faster than people read. Go on in 2 seconds.',
    })
    expect(slowed.headers.get('cache-control')).toBe('no-store')
    site.clock.t += 2 * SECOND
    expect((await ask(site, 1, TILE)).status).toBe(200)
  })

  it('1.8 bulk download: gets no more different pages in an hour, but thumbnails and what it has', async () => {
    const site = await reading('PAGES_PER_HOUR = 2')
    expect((await ask(site, 1, VIEW)).status).toBe(200)
    expect((await ask(site, 2, TILE)).status).toBe(200)
    expect((await ask(site, 3, VIEW)).status).toBe(429)
    expect((await ask(site, 3, TILE)).status).toBe(429)
    expect((await ask(site, 3, THUMBNAIL)).status).toBe(200)
    expect((await ask(site, 3, 'info.json')).status).toBe(200)
    expect((await ask(site, 1, TILE)).status).toBe(200)
    site.clock.t += 60 * MINUTE
    expect((await ask(site, 3, VIEW)).status).toBe(200)
  })

  it('1.8 bulk download: is noted for the staff by item and loan, once, and by no name', async () => {
    const site = await reading('READ_BURST = 1')
    for (let n = 0; n < 5; n++) await ask(site, 1, TILE)
    const notes = auditIn(site.db)
      .before(undefined, 10)
      .filter(({ act }) => act === 'slow-down')
    expect(notes).toMatchObject([{ barcode: 'A', staff: 'Carrel' }])
    const page = await (await site.as('lee', '/audit')).text()
    expect(page).toContain('loan 1: more requests than a person reads')
    expect(page + JSON.stringify(site.log)).not.toContain('ann')
    expect(site.log.filter(({ msg }) => msg === 'loan.too-fast')).toHaveLength(1)
  })

  it('slows nobody else down, and not the staff who look through an item', async () => {
    const site = await reading('READ_BURST = 1\nPAGES_PER_HOUR = 1')
    await site.addItem('B', { pages: 2 })
    await site.post('bob', '/loan', { barcode: 'B' })
    await ask(site, 1, TILE)
    expect((await ask(site, 1, TILE)).status).toBe(429)
    expect((await site.as('bob', `/iiif/B/1/${TILE}`)).status).toBe(200)
    for (const page of [1, 2, 3]) {
      expect((await site.as('lee', `/preview/iiif/A/${page}/${TILE}`)).status).toBe(200)
    }
  })
})
