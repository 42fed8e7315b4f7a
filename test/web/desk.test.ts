import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testLsp } from '../support/lsp.ts'
import { manifestFile, startSite } from '../support/site.ts'

describe("the staff's pages", () => {
  /** What is not the staff's. Everything else that the site answers must be refused to others. */
  const OTHERS = [
    '/',
    '/info',
    '/about',
    '/privacy',
    '/healthz',
    '/readyz',
    '/metrics',
    '/notallowed',
    '/logout',
    '/sign-in',
    '/static/*',
    '/site.css',
    '/logo',
    '/thumbnails/:file{.+\\\\.jpg}',
    '/item/:barcode',
    '/item-status/:barcode',
    '/loan',
    '/return/:barcode',
    '/thankyou',
    '/view/:barcode',
  ]
  const WEB = join(import.meta.dirname, '../../src/web')
  const routes = readdirSync(WEB).flatMap((name) =>
    [...readFileSync(join(WEB, name), 'utf8').matchAll(/\broute\('([^']+)'/g)].map(
      ([, path]) => path!,
    ),
  )

  it('are each refused to strangers with 401 and to patrons with 403', async () => {
    expect(
      OTHERS.filter((path) => !routes.includes(path)),
      'known',
    ).toEqual([])
    const site = await startSite({ lsp: testLsp({}) })
    await site.addItem('A', { convert: false })
    const staffs = routes.filter((path) => !OTHERS.includes(path))
    expect(staffs.length).toBeGreaterThan(25)
    for (const route of staffs) {
      const path = route
        .replace(':barcode', 'A')
        .replace(/:id\{.*?\}/, '1')
        .replace(':list', 'x')
        .replace(/:file\{.*\}/, 'loans.svg')
        .replace(':format/:what', 'csv/item')
      for (const [who, refused] of [
        [undefined, 401],
        ['ann', 403],
      ] as const) {
        const statuses = [(await site.as(who, path)).status, (await site.post(who, path)).status]
        expect(statuses, `${who} ${path}`).toContain(refused)
        // 405: this address is only read, or only written to.
        expect([refused, 405], `${who} ${path}`).toEqual(expect.arrayContaining(statuses))
      }
    }
  })
})

describe('adding an item by hand', () => {
  it('takes the fields by their DIBS names', async () => {
    const site = await startSite()
    const fields = {
      barcode: '0042',
      title: 'Optics',
      author: 'Doe',
      num_copies: '3',
      duration: '0.5',
      notes: 'Shelf 3',
      isbn_issn: '9780000000019',
    }
    const answer = await site.post('lee', '/update/add', fields)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/add?added=0042'])
    const row = site.db.$client
      .prepare('select barcode, title, copies, loan_hours, ready, isbn_issn from items')
      .get()
    expect(row).toEqual({
      barcode: '0042',
      title: 'Optics',
      copies: 3,
      loan_hours: 0.5,
      ready: 0,
      isbn_issn: '9780000000019',
    })
  })

  it.each([
    ['barcode', { barcode: '../x' }, /A barcode has 1 to 64/],
    ['title', { title: ' ' }, /Enter the title/],
    ['num_copies', { num_copies: '-1' }, /Copies must be/],
    ['num_copies', { num_copies: '1000' }, /Copies must be/],
    ['duration', { duration: '0.01' }, /Loan hours must be/],
    ['duration', { duration: 'two' }, /Loan hours must be/],
    ['notes', { notes: 'x'.repeat(10_001) }, /Notes must be/],
  ])(
    'gives the form back with what was typed and a sentence at %s',
    async (field, wrong, sentence) => {
      const site = await startSite()
      const typed = {
        barcode: '0042',
        title: 'Kept title',
        num_copies: '1',
        duration: '2',
        notes: '',
        ...wrong,
      }
      const answer = await site.post('lee', '/update/add', typed)
      const page = await answer.text()
      expect(answer.status).toBe(400)
      expect(page).toMatch(sentence)
      expect(page).toContain(`href="#${field}"`)
      if (field !== 'title') expect(page).toContain('Kept title')
      expect(site.db.$client.prepare('select count(*) from items').pluck().get()).toBe(0)
    },
  )

  it('refuses a barcode that there is', async () => {
    const site = await startSite()
    await site.addItem('A', { convert: false })
    const answer = await site.post('lee', '/update/add', { barcode: 'A', title: 'Another' })
    expect(answer.status).toBe(409)
    expect(await answer.text()).toContain('There is an item with this barcode already.')
  })
})

describe('the switch that makes an item ready', () => {
  it('carries the value wanted, so that two tabs do not undo each other', async () => {
    const site = await startSite()
    await site.addItem('A', { ready: false })
    const ready = () => site.db.$client.prepare('select ready from items').pluck().get()
    for (let tab = 0; tab < 2; tab++) {
      expect((await site.post('lee', '/ready', { barcode: 'A', ready: 'yes' })).status).toBe(303)
      expect(ready()).toBe(1)
    }
    expect((await site.post('lee', '/ready', { barcode: 'A' })).status).toBe(400)
    expect((await site.post('lee', '/ready', { barcode: 'A', ready: 'no' })).status).toBe(303)
    expect(ready()).toBe(0)
  })

  it('4.4 item made not-ready during a loan: lets present readers finish, or ends their loans when told to', async () => {
    const site = await startSite()
    await site.addItem('A')
    await site.post('ann', '/loan', { barcode: 'A' })
    await site.post('lee', '/ready', { barcode: 'A', ready: 'no' })
    expect((await site.as('ann', '/manifests/A')).status).toBe(200)
    await site.post('lee', '/ready', { barcode: 'A', ready: 'no', readers: 'end' })
    expect((await site.as('ann', '/manifests/A')).status).toBe(403)
  })

  it.each([
    ['missing', undefined, /its scans are not there yet/],
    ['not JSON', '{"half', /JSON/],
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), /UTF-8/],
    [
      'without canvases',
      '{"@context":"http://iiif.io/api/presentation/3/context.json","type":"Manifest","id":"https://x.example/m","items":[]}',
      /canvas|page/i,
    ],
  ])(
    'stays off while the manifest is %s, and says so to staff and not to patrons',
    async (_, content, reason) => {
      const site = await startSite()
      await site.addItem('A', { ready: true })
      if (content === undefined) (await import('node:fs')).rmSync(manifestFile(site, 'A'))
      else writeFileSync(manifestFile(site, 'A'), content)
      const answer = await site.post('lee', '/ready', { barcode: 'A', ready: 'yes' })
      expect(answer.status).toBe(409)
      expect(await answer.text()).toMatch(reason)
      expect((await site.as('lee', '/list')).status).toBe(200)
      const item = await site.as('ann', '/item/A')
      expect(item.status).toBe(200)
      expect(await item.text()).toContain('This item is not available for loan at the moment.')
      expect((await site.post('ann', '/loan', { barcode: 'A' })).status).toBe(409)
    },
  )
})
