import { mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { HOUR } from '../../src/clock.ts'
import { checkInvariants } from '../support/invariants.ts'
import { IMAGE_HOST, smallManifest } from '../support/manifest.ts'
import { manifestFile, type Site, startSite } from '../support/site.ts'

/** A site with items, whose images nobody fetches. */
async function siteWith(copies: Readonly<Record<string, number>>): Promise<Site> {
  const site = await startSite({ ini: `IIIF_BASE_URL = ${IMAGE_HOST}` })
  mkdirSync(site.settings.manifestDir, { recursive: true })
  for (const [item, number] of Object.entries(copies)) {
    await site.addItem(item, { copies: number, convert: false })
    writeFileSync(manifestFile(site, item), smallManifest())
  }
  return site
}

const borrow = (site: Site, who: string, item = 'A') => site.post(who, '/loan', { barcode: item })
const loans = ({ db }: Site) =>
  db.$client.prepare('select patron, barcode, ended_at, ended_by from loans order by id').all()

describe('at the same moment', () => {
  it('4.6 50 patrons, last copy: one is led to the viewer, 49 are told when the next copy is due', async () => {
    const site = await siteWith({ A: 1 })
    const who = Array.from({ length: 50 }, (_, n) => `reader-${n}`)
    const answers = await Promise.all(who.map((one) => borrow(site, one)))
    const refused = answers.filter(({ status }) => status === 409)
    expect([answers.filter(({ status }) => status === 303).length, refused.length]).toEqual([1, 49])
    for (const page of refused) expect(await page.text()).toMatch(/available .*13:00/)
  })

  it('4.6 two tabs, double click: one loan, and every answer leads to the viewer', async () => {
    const site = await siteWith({ A: 3 })
    const answers = await Promise.all(Array.from({ length: 8 }, () => borrow(site, 'ann')))
    expect(new Set(answers.map(({ headers }) => headers.get('location')))).toEqual(
      new Set(['/view/A']),
    )
    expect(loans(site)).toHaveLength(1)
  })

  it('4.6 return twice: both are thanked, there is one end, and the other tab is shut', async () => {
    const site = await siteWith({ A: 1 })
    await borrow(site, 'ann')
    expect((await site.as('ann', '/manifests/A')).status).toBe(200)
    const answers = await Promise.all([1, 2].map(() => site.post('ann', '/return/A')))
    const ended = loans(site)
    site.clock.t += HOUR / 2
    answers.push(await site.post('ann', '/return/A'))
    for (const { headers } of answers) expect(headers.get('location')).toBe('/thankyou?barcode=A')
    expect([ended.length, loans(site)]).toEqual([1, ended])
    for (const path of ['/view/A', '/manifests/A']) {
      expect((await site.as('ann', path)).status, path).toBe(403)
    }
  })

  it('4.6 borrow B in the same instant as A: one is lent, the other refused with the reason', async () => {
    const site = await siteWith({ A: 1, B: 1 })
    const answers = await Promise.all(['A', 'B'].map((item) => borrow(site, 'ann', item)))
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 409])
    const refused = answers.find(({ status }) => status === 409)
    expect(await refused?.text()).toContain('You have another item on loan')
    expect(loans(site)).toHaveLength(1)
  })

  it('4.6 staff lowers copies, withdraws, removes while others borrow: nothing is orphaned', async () => {
    const site = await siteWith({ A: 9, B: 9, C: 9 })
    const staff = [
      site.post('lee', '/update/edit', { barcode: 'A', num_copies: '1' }),
      site.post('lee', '/ready', { barcode: 'B', ready: 'no', readers: 'end' }),
      site.post('lee', '/remove', { barcode: 'C', readers: 'end' }),
    ]
    const readers = Array.from({ length: 24 }, (_, n) => borrow(site, `r${n}`, 'ABC'[n % 3]))
    const answers = await Promise.all([...readers, ...staff])
    expect(answers.filter(({ status }) => ![303, 404, 409].includes(status))).toEqual([])
    checkInvariants(site.db.$client)
    const late = await Promise.all(['A', 'B', 'C'].map((item) => borrow(site, 'late', item)))
    const words = await Promise.all(late.map((answer) => answer.text()))
    expect(late.map(({ status }) => status).slice(1)).toEqual([409, 404])
    expect(words[1]).toContain('not available for loan')
  })

  it('4.6 expiry at the same ms as return / borrow by next: the loan is over, once, by time', async () => {
    const site = await siteWith({ A: 1 })
    await borrow(site, 'ann')
    site.clock.t += 2 * HOUR
    const answers = await Promise.all([
      site.post('ann', '/return/A'),
      borrow(site, 'bob'),
      site.sweep(),
    ])
    expect([answers[0].status, answers[1].headers.get('location')]).toEqual([303, '/view/A'])
    expect(loans(site)).toEqual([
      { patron: 'ann', barcode: 'A', ended_at: site.clock.t, ended_by: 'time' },
      { patron: 'bob', barcode: 'A', ended_at: null, ended_by: null },
    ])
  })
})

describe('the clock', () => {
  it('1.9 clock back: at the start too, it is logged and nothing new is lent until it has caught up', async () => {
    const site = await siteWith({ A: 9 })
    await borrow(site, 'ann')
    await site.sweep()
    await site.stop()
    const lastSeen = site.clock.t
    site.clock.t -= HOUR
    const folder = site.settings.file?.replace(/\/settings\.ini$/, '') ?? ''
    const again = await startSite({
      folder,
      clock: site.clock,
      ini: `IIIF_BASE_URL = ${IMAGE_HOST}`,
    })
    expect(again.log.map(({ msg }) => msg)).toContain('clock.back')
    const refused = await borrow(again, 'bob')
    expect([refused.status, await refused.text()]).toEqual([
      503,
      expect.stringContaining('The clock of this server is wrong'),
    ])
    expect((await again.as('ann', '/manifests/A')).status, 'running loans go on').toBe(200)
    again.clock.t = lastSeen
    expect((await borrow(again, 'bob')).status).toBe(303)
  })

  it('1.9 DST: an hour is an hour when the clocks change, and the page names the zone', async () => {
    const site = await siteWith({ A: 9 })
    await site.post('lee', '/update/edit', { barcode: 'A', duration: '1' })
    // In Zurich it is 02:30 in summer time; at 03:00 the clocks go back to 02:00.
    site.clock.t = Date.UTC(2026, 9, 25, 0, 30)
    await borrow(site, 'ann')
    const { due_at } = JSON.parse(await (await site.as('ann', '/item-status/A')).text())
    expect(due_at).toBe('2026-10-25T01:30:00.000Z')
    expect(await (await site.as('ann', '/item/A')).text()).toMatch(/02:30 (CET|GMT\+1)/)
  })
})
