import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from '../../src/clock.ts'
import { startSite } from '../support/site.ts'

describe('borrowing in the browser', () => {
  it('4.6 resend: leads to the viewer, also when the form is sent twice', async () => {
    const site = await startSite()
    const a = await site.addItem('A')
    for (let time = 0; time < 2; time++) {
      const answer = await site.post('ann', '/loan', { barcode: a })
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/view/A'])
    }
    expect((await site.as('ann', '/view/A')).status).toBe(200)
    expect(site.db.$client.prepare('select count(*) from loans').pluck().get()).toBe(1)
  })

  it('says why not, with the time, in the words of the library', async () => {
    const site = await startSite()
    const a = await site.addItem('A')
    const b = await site.addItem('B')
    await site.addItem('C', { convert: false })
    const refusal = async (who: string, item: string) => {
      const answer = await site.post(who, '/loan', { barcode: item })
      return [answer.status, (await answer.text()).match(/<p class="lead">([^<]*)/)?.[1]]
    }
    await site.post('ann', '/loan', { barcode: a })
    expect(await refusal('bob', a)).toEqual([
      409,
      'All copies are on loan. The next one is available today at 13:00 CET at the latest.',
    ])
    expect(await refusal('ann', b)).toEqual([
      409,
      'You have another item on loan until today at 13:00 CET. Return it first, then borrow this one.',
    ])
    expect(await refusal('bob', 'C')).toEqual([
      409,
      'This item is not available for loan at the moment.',
    ])
    expect((await refusal('bob', 'nothing'))[0]).toBe(404)
    expect((await refusal('bob', '../../etc/passwd'))[0]).toBe(404)
    site.clock.t += 10 * MINUTE
    await site.post('ann', '/return/A')
    expect(await refusal('ann', a)).toEqual([
      409,
      'You had this item on loan not long ago. You can borrow it again today at 11:40 CET.',
    ])
  })

  it('ends with a thank-you that says when the item can be borrowed again', async () => {
    const site = await startSite()
    const a = await site.addItem('A')
    await site.post('ann', '/loan', { barcode: a })
    const answer = await site.post('ann', '/return/A')
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/thankyou?barcode=A'])
    const page = await (await site.as('ann', '/thankyou?barcode=A')).text()
    expect(page).toContain('you can borrow it again today at 11:30 CET')
    const again = await site.post('ann', '/return/A')
    expect(again.status, 'returning twice is no fault').toBe(303)
  })

  it('thanks nobody for a return that there was not', async () => {
    const site = await startSite()
    const a = await site.addItem('A')
    expect((await site.post('ann', '/return/nothing')).status).toBe(404)
    await site.post('ann', '/loan', { barcode: a })
    for (const who of ['ann', 'bob']) {
      const answer = await site.as(who, '/thankyou?barcode=A')
      expect([answer.status, answer.headers.get('location')], who).toEqual([303, '/item/A'])
    }
  })

  it('keeps the viewer shut without a loan, with a way to the item', async () => {
    const site = await startSite()
    await site.addItem('A')
    const answer = await site.as('ann', '/view/A')
    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain('href="/item/A"')
  })

  it('1.7 log: writes no name of a patron into the log', async () => {
    const site = await startSite()
    const a = await site.addItem('A')
    await site.post('canary-7f3a@example.org', '/loan', { barcode: a })
    await site.as('canary-7f3a@example.org', '/view/A')
    await site.post('canary-7f3a@example.org', '/return/A')
    site.clock.t += 3 * HOUR
    await site.sweep()
    expect(site.log.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['loan.borrow', 'loan.return', 'sweep.forgot']),
    )
    expect(JSON.stringify(site.log)).not.toContain('canary')
  })
})

describe("an item's page", () => {
  it('shows what it is, what it offers, and escapes what the catalogue says', async () => {
    const site = await startSite()
    await site.addItem('A')
    site.db.$client.prepare("update items set title = '<script>alert(1)</script> & more'").run()
    const page = await (await site.as('ann', '/item/A')).text()
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; more')
    expect(page).toContain('A loan lasts 2 hours.')
    expect(page).toContain('Start the loan')
  })

  it('1.1 D11: answers 401 to strangers and 404 for what is not there, on the address itself', async () => {
    const site = await startSite()
    await site.addItem('A')
    const statuses = await Promise.all([
      site.as(undefined, '/item/A'),
      site.as('ann', '/item/B'),
      site.as(undefined, '/item-status/A'),
      site.as('ann', '/item-status/B'),
    ])
    expect(statuses.map(({ status }) => status)).toEqual([401, 404, 401, 404])
  })
})
