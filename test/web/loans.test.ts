import { describe, expect, it } from 'vitest'
import { auditIn } from '../../src/audit/audit.ts'
import { HOUR } from '../../src/clock.ts'
import { type Site, startSite } from '../support/site.ts'

async function siteWithLoans(...names: string[]): Promise<Site> {
  const site = await startSite()
  await site.addItem('A', { copies: 3, pages: 1 })
  for (const name of names) await site.post(name, '/loan', { barcode: 'A' })
  return site
}

const page = async (site: Site, path: string) => (await site.as('lee', path)).text()
const dueAt = (site: Site) =>
  String(site.db.$client.prepare('select due_at from loans').pluck().get())

describe('the loans page', () => {
  it('is for staff only, and so is what it does', async () => {
    const site = await siteWithLoans('ann')
    for (const path of ['/loans', '/loans/1']) {
      const statuses = await Promise.all(
        [undefined, 'ann', 'lee'].map(async (who) => (await site.as(who, path)).status),
      )
      expect(statuses, path).toEqual([401, 403, 200])
    }
    for (const path of ['/loans/end', '/loans/lengthen']) {
      const fields = { loan: '1', due_at: dueAt(site), hours: '1' }
      const statuses = await Promise.all(
        [undefined, 'ann'].map(async (who) => (await site.post(who, path, fields)).status),
      )
      expect(statuses, path).toEqual([401, 403])
    }
    expect((await site.as('ann', '/manifests/A')).status).toBe(200)
  })

  it('names the patron while the loan is open, and not after', async () => {
    const site = await siteWithLoans('ann.onymous')
    expect(await page(site, '/loans')).toContain('ann.onymous')
    await site.post('ann.onymous', '/return/A')
    const after = await page(site, '/loans')
    expect(after).toContain('Cooling off until 11:30 CET')
    expect(after).not.toContain('ann.onymous')
    expect(await page(site, '/loans/1')).not.toContain('ann.onymous')
    site.clock.t += HOUR
    expect(await page(site, '/loans')).toContain('Nothing is on loan.')
    expect((await site.as('lee', '/loans/1')).status).toBe(409)
  })

  it('shows the loans of one item, and says so when the barcode is none', async () => {
    const site = await siteWithLoans('ann')
    expect(await page(site, '/loans?barcode=A')).toContain('End the loan of this item')
    expect(await page(site, '/loans?barcode=B')).toContain('No loan of this item is open')
    const wrong = await site.as('lee', '/loans?barcode=%3Cb%3E')
    expect(wrong.status).toBe(400)
    expect(await wrong.text()).toContain('value="&lt;b&gt;"')
  })

  it('does not offer to lengthen where more loans run than copies, and says why', async () => {
    const site = await siteWithLoans('ann', 'bob')
    expect(await page(site, '/loans')).toContain('>End or lengthen<')
    expect(await page(site, '/loans/1')).toContain('Lengthen the loan')
    await site.post('lee', '/update/edit', { old_barcode: 'A', num_copies: '1' })
    const list = await page(site, '/loans')
    expect(list).toContain('>End<')
    expect(list).not.toContain('lengthen')
    const one = await page(site, '/loans/1')
    expect(one).toContain('More loans of this item run than copies are off the shelf')
    expect(one).not.toContain('/loans/lengthen')
    await site.post('bob', '/return/A')
    expect(await page(site, '/loans/1')).toContain('Lengthen the loan')
  })

  it('leads nowhere from a loan whose item was removed', async () => {
    const site = await siteWithLoans('ann')
    await site.post('lee', '/remove', { barcode: 'A', readers: 'end' })
    for (const path of ['/loans', '/loans/1']) {
      expect(await page(site, path), path).toContain('Cooling off')
      expect(await page(site, path), path).not.toContain('/item/A')
    }
  })

  it('pages through many loans, the soonest due first or last', async () => {
    const site = await startSite()
    await site.addItem('A', { copies: 120, convert: false })
    const insert = site.db.$client.prepare(
      `insert into loans (barcode, patron, manifest_version, counted, started_at, due_at)
       values ('A', ?, 'v1', 1, ?, ?)`,
    )
    for (let n = 0; n < 120; n++) insert.run(`p${n}.`, site.clock.t, site.clock.t + n * 60_000 + 1)
    const patronsOn = async (path: string) =>
      [...(await page(site, path)).matchAll(/<td>p(\d+)\.</g)].map(([, n]) => Number(n))
    expect(await patronsOn('/loans?page=3')).toEqual(Array.from({ length: 20 }, (_, n) => n + 100))
    expect((await patronsOn('/loans?sort=-due'))[0]).toBe(119)
    expect(await patronsOn('/loans?page=99')).toHaveLength(20)
  })
})

describe('ending', () => {
  it('takes the pages from the reader at once, and the record names the loan, not the patron', async () => {
    const site = await siteWithLoans('ann', 'bob', 'joe')
    const answer = await site.post('lee', '/loans/end', { loan: '1' })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/loans?ended=1'])
    expect((await site.as('ann', '/manifests/A')).status).toBe(403)
    expect((await site.as('bob', '/manifests/A')).status).toBe(200)
    await site.post('lee', '/loans/end', { barcode: 'A' })
    expect((await site.as('joe', '/manifests/A')).status).toBe(403)
    const record = auditIn(site.db).before(undefined, 9)
    expect(record.map(({ act, detail }) => `${act} ${detail}`)).toEqual([
      'end-loan loan 3',
      'end-loan loan 2',
      'end-loan loan 1',
    ])
    expect(JSON.stringify([record, site.log])).not.toMatch(/"ann"|"bob"|"joe"/)
  })

  it.each([
    ['neither a loan nor a barcode', {}, 400],
    ['both', { loan: '1', barcode: 'A' }, 400],
    ['no number', { loan: '1 or 1=1' }, 400],
    ['no such loan', { loan: '99' }, 409],
    ['no such item', { barcode: 'B' }, 404],
  ])('is refused for %s', async (_, fields, status) => {
    const site = await siteWithLoans('ann')
    expect((await site.post('lee', '/loans/end', fields)).status).toBe(status)
    expect((await site.as('ann', '/manifests/A')).status).toBe(200)
  })
})

describe('lengthening', () => {
  it('lets the reader read on, and is in the record', async () => {
    const site = await siteWithLoans('ann')
    const fields = { loan: '1', due_at: dueAt(site), hours: '1.5' }
    const answer = await site.post('lee', '/loans/lengthen', fields)
    expect(answer.status).toBe(303)
    expect(await page(site, answer.headers.get('location') ?? '')).toContain(
      'The loan is now due today at 14:30 CET.',
    )
    site.clock.t += 3 * HOUR
    expect((await site.as('ann', '/manifests/A')).status).toBe(200)
    expect(auditIn(site.db).before(undefined, 1)).toMatchObject([
      { act: 'lengthen-loan', staff: 'lee', detail: 'loan 1, due 2026-01-02T13:30:00.000Z' },
    ])
    expect((await site.post('lee', '/loans/lengthen', fields)).status).toBe(409)
  })

  it.each(['', '0', '-1', 'two', '8761', '1e3'])(
    'gives the form back for %j hours, with what was typed',
    async (hours) => {
      const site = await siteWithLoans('ann')
      const answer = await site.post('lee', '/loans/lengthen', {
        loan: '1',
        due_at: dueAt(site),
        hours,
      })
      const form = await answer.text()
      expect(answer.status).toBe(400)
      expect(form).toContain('href="#hours"')
      expect(form).toContain(`value="${hours}"`)
    },
  )
})
