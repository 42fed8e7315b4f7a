import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from '../../src/clock.ts'
import { borrow, type StartedLoan } from '../../src/loans/borrow.ts'
import { addressOf } from '../../src/notices/address.ts'
import { outboxIn } from '../../src/notices/outbox.ts'
import { testFolder } from '../support/folder.ts'
import { library, patron } from '../support/lending.ts'
import { fakeSmtp } from '../support/mail.ts'
import { freePort, type Site, startSite } from '../support/site.ts'

const CANARY = 'canary-7f3a@example.org'

/** The server is started after the site, so that it goes away first and holds nobody up. */
async function mailingSite({ fault = 'none', ini = '', folder = testFolder() } = {}) {
  const port = await freePort()
  const mail = `MAIL_HOST = 127.0.0.1\nMAIL_PORT = ${port}\nMAIL_SENDER = library@example.edu\n${ini}`
  const site = await startSite({ folder, ini: mail })
  const server = await fakeSmtp(port, fault)
  return { site, server, port, mail, folder }
}

const waiting = (site: Site) => site.db.$client.prepare('select count(*) from outbox').pluck().get()
const fails = (site: Site) => site.log.filter(({ msg }) => msg === 'mail.fail')

describe('the address of a patron', () => {
  it.each([
    ['ann@example.org', 'lib.example', 'ann@example.org'],
    ['ann', 'lib.example', 'ann@lib.example'],
    ['ann', undefined, undefined],
    ['a@b@example.org', 'lib.example', undefined],
    ['@example.org', 'lib.example', undefined],
    ['ann@', 'lib.example', undefined],
    ['ann smith', 'lib.example', undefined],
    ['<ann', 'lib.example', undefined],
    ['"ann"@example.org', undefined, undefined],
    ['ann(x)@example.org', undefined, undefined],
    ['zoë@example.org', undefined, 'zoë@example.org'],
    ['urn:x:1@example.org', undefined, undefined],
  ])('%s at %s is %s', (name, domain, address) => {
    expect(addressOf(patron(name), domain)).toBe(address)
  })
})

describe('mail at the start of a loan', () => {
  it('tells title, due time with zone, and links; once for each loan', async () => {
    const { site, server } = await mailingSite({
      ini: 'SITE_NAME = Course Reserves\nLIBRARY_NAME = Example Library',
    })
    await site.addItem('A', { copies: 2 })
    site.db.$client.prepare("update items set title = 'Optics & <Light>'").run()
    for (let time = 0; time < 2; time++) await site.post(CANARY, '/loan', { barcode: 'A' })
    await site.deliver()
    await site.deliver()
    expect(server.letters.map(({ to }) => to)).toEqual([[CANARY]])
    const { raw } = server.letters[0]!
    expect(raw).toContain('Subject: On loan to you: Optics & <Light>\r\n')
    expect(raw).toContain('until 2 January 2026 at 13:00 CET')
    expect(raw).toContain(`${site.url}/view/A\r\n`)
    expect(raw).toContain(`${site.url}/item/A\r\n`)
    expect(raw).toContain('Course Reserves, Example Library')
    expect(raw).toContain('Date: Fri, 02 Jan 2026 10:00:00 +0000')
    expect(raw).toMatch(/Message-ID: <loan-1-\d+@127\.0\.0\.1>/)
    expect(waiting(site)).toBe(0)
  })

  it('goes out by itself, and to no one without an address', async () => {
    const { site, server } = await mailingSite()
    await site.addItem('A', { copies: 2 })
    await site.post('bob', '/loan', { barcode: 'A' })
    expect(waiting(site)).toBe(0)
    await site.post('ann@example.org', '/loan', { barcode: 'A' })
    await expect.poll(() => server.letters.length, { timeout: 5000 }).toBe(1)
    await expect.poll(() => waiting(site)).toBe(0)
  })

  it('is off without MAIL_HOST', async () => {
    const site = await startSite()
    await site.addItem('A')
    await site.post(CANARY, '/loan', { barcode: 'A' })
    expect(waiting(site)).toBe(0)
  })

  it.each(['4xx', '5xx', 'bad-recipient', 'slow', 'silent', 'down'])(
    '4.7 SMTP %s: holds up neither loan nor page',
    async (fault) => {
      const { site, server } = await mailingSite({ fault: fault === 'down' ? 'none' : fault })
      if (fault === 'down') await server.stop()
      await site.addItem('A', { copies: 3 })
      await site.as('ann', '/item/A')
      const times: number[] = []
      for (const who of ['a', 'b', 'c']) {
        const started = performance.now()
        const answer = await site.post(`${who}@example.org`, '/loan', { barcode: 'A' })
        times.push(performance.now() - started)
        expect(answer.status).toBe(303)
      }
      expect(Math.min(...times)).toBeLessThan(200)
      expect((await site.as('a@example.org', '/manifests/A')).status).toBe(200)
      expect(site.db.$client.prepare('select count(*) from loans').pluck().get()).toBe(3)
    },
  )

  it('4.7 SMTP outbox: is tried again after 1, 5 and 30 minutes, then given up and erased', async () => {
    const { site, server } = await mailingSite({ fault: '4xx' })
    await site.addItem('A')
    await site.post(CANARY, '/loan', { barcode: 'A' })
    await site.deliver()
    expect(fails(site)).toMatchObject([{ item: 'A', code: '451', tries: 1, givenUp: false }])
    for (const [n, minutes] of [1, 5, 30].entries()) {
      site.clock.t += minutes * MINUTE - 1
      await site.deliver()
      expect(fails(site), `${minutes} minutes are not over`).toHaveLength(n + 1)
      site.clock.t += 1
      await site.deliver()
      expect(fails(site)).toHaveLength(n + 2)
      expect(waiting(site)).toBe(n < 2 ? 1 : 0)
    }
    expect(fails(site).at(-1)).toMatchObject({ tries: 4, givenUp: true })
    expect(server.letters).toEqual([])
    expect(JSON.stringify(site.log)).not.toContain('canary')
  })

  it('4.7 SMTP outbox: arrives when the server has recovered', async () => {
    const { site, server } = await mailingSite({ fault: 'bad-recipient' })
    await site.addItem('A')
    await site.post(CANARY, '/loan', { barcode: 'A' })
    await site.deliver()
    await server.fault('none')
    site.clock.t += MINUTE
    await site.deliver()
    expect([server.letters.length, waiting(site)]).toEqual([1, 0])
    expect(JSON.stringify(site.log)).not.toContain('canary')
  })

  it('stands or falls with its loan', async () => {
    const { db, lending, addItem } = library()
    const outbox = outboxIn(db)
    const item = addItem('A')
    const onLoan = ({ id, startedAt }: StartedLoan) => {
      outbox.put(id, CANARY, startedAt)
      throw new Error('the power fails here')
    }
    const borrowing = borrow({ ...lending, onLoan }, item, patron(CANARY), 'patron')
    await expect(borrowing).rejects.toThrow('the power fails here')
    const rows = (table: string) =>
      db.$client.prepare(`select count(*) from ${table}`).pluck().get()
    expect([rows('loans'), rows('outbox')]).toEqual([0, 0])
  })

  it('survives a restart', async () => {
    const { site, server, mail, folder } = await mailingSite({ fault: '4xx' })
    await site.addItem('A')
    await site.post(CANARY, '/loan', { barcode: 'A' })
    await site.deliver()
    await site.stop()
    await server.fault('none')
    site.clock.t += MINUTE
    const again = await startSite({ folder, ini: mail, clock: site.clock })
    await again.deliver()
    expect(server.letters).toHaveLength(1)
  })

  it('1.7 mail: is not sent any more when the loan is over', async () => {
    const { site, server } = await mailingSite({ fault: '4xx' })
    await site.addItem('A')
    await site.post(CANARY, '/loan', { barcode: 'A' })
    await site.deliver()
    await server.fault('none')
    await site.post(CANARY, '/return/A')
    site.clock.t += MINUTE
    await site.deliver()
    expect([server.letters.length, waiting(site)]).toEqual([0, 0])
  })

  it('1.7 mail: leaves no address in the files once the patron is forgotten, though it never went out', async () => {
    const { site, server } = await mailingSite({ ini: 'MAIL_DOMAIN = canary-domain.example' })
    await server.stop()
    await site.addItem('A')
    await site.post('canary-7f3a', '/loan', { barcode: 'A' })
    await site.deliver()
    const folder = dirname(site.settings.databaseFile)
    const traces = () =>
      readdirSync(folder)
        .filter((name) => name.startsWith('carrel.db'))
        .filter((name) => readFileSync(join(folder, name)).includes('canary-'))
    expect(traces(), 'the name must be somewhere before it can be gone').not.toEqual([])
    await site.post('canary-7f3a', '/return/A')
    site.clock.t += HOUR
    await site.sweep()
    expect(waiting(site)).toBe(0)
    expect(traces()).toEqual([])
  })
})
