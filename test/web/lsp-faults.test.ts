import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { chooseLsp } from '../../src/lsp/choose.ts'
import { type Fake, startFake } from '../support/fake.ts'
import { upload } from '../support/forms.ts'
import { settingsOf } from '../support/settings.ts'
import { type Site, startSite } from '../support/site.ts'

const SECRETS = ['correct horse', 'access.', 'refresh.', 'secret/path']
const OPTICS = '35047000000017'

let fake: Fake
beforeAll(async () => {
  fake = await startFake('folio')
})
afterAll(() => fake.stop())
beforeEach(() => fake.fault(''))

const iniOf = (url: string) => `LSP_TYPE = folio
[folio]
FOLIO_OKAPI_URL = ${url}
FOLIO_OKAPI_TENANT_ID = library
FOLIO_USER = carrel
FOLIO_PASSWORD = correct horse`

const items = (site: Site) => site.db.$client.prepare('select barcode, title from items').all()

const lookUp = (site: Site, barcode: string) =>
  upload(site, 'lee', '/update/add', {
    barcode,
    author: 'Typed by hand',
    notes: 'Kept',
    action: 'look-up',
  })

/** A server of which nobody has trusted the certificate, which is out of date too. */
async function expiredServer(): Promise<string> {
  const file = (name: string) => readFileSync(join(import.meta.dirname, '../fixtures/tls', name))
  const server = createServer({ key: file('key.pem'), cert: file('expired.pem') })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => void server.close())
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A site whose FOLIO has this fault; only one that hangs is waited for less long than 10 s. */
async function siteWith(fault: string): Promise<{ site: Site; log: Site['log'] }> {
  const urls: Readonly<Record<string, () => string | Promise<string>>> = {
    down: () => 'http://127.0.0.1:1',
    404: () => `${fake.url}/elsewhere`,
    'TLS expired': expiredServer,
  }
  const url = await (urls[fault] ?? (() => fake.url))()
  if (!(fault in urls)) await fake.fault(fault)
  const ini = iniOf(url)
  const log: Site['log'] = []
  if (fault !== 'hang') {
    const site = await startSite({ ini })
    return { site, log: site.log }
  }
  const choice = await chooseLsp({
    settings: settingsOf(ini),
    log: pino({ base: null }, { write: (line: string) => log.push(JSON.parse(line)) }),
    monotonic: () => 0,
    longestMs: 300,
  })
  if (choice.kind !== 'lsp') throw new Error('no FOLIO')
  return { site: await startSite({ ini, lsp: choice.lsp }), log }
}

describe('a look-up in FOLIO', () => {
  it.each<[fault: string, status: number, words: string, kind: string]>([
    ['down', 502, 'The connection to FOLIO failed. Try again later', 'connection'],
    ['hang', 504, 'FOLIO did not answer within 10 seconds. Try again later', 'timeout'],
    ['401', 502, 'FOLIO does not let Carrel look this up. Tell whoever runs', 'not-permitted'],
    ['403', 502, 'FOLIO does not let Carrel look this up. Tell whoever runs', 'not-permitted'],
    ['404', 502, 'FOLIO gave an answer that Carrel does not understand.', 'not-understood'],
    ['429', 503, 'FOLIO is too busy to answer. Try again in 17 seconds', 'busy'],
    ['500', 502, 'FOLIO reports a fault of its own. Try again later', 'fault'],
    ['503', 503, 'FOLIO is too busy to answer. Try again in 30 seconds', 'busy'],
    ['html', 502, 'FOLIO gave an answer that Carrel does not understand.', 'not-understood'],
    ['redirect', 502, 'led to another page instead, as to a sign-in page.', 'redirect'],
    ['20-mb', 502, 'FOLIO answered with more than any record has.', 'too-large'],
    ['not-json', 502, 'FOLIO gave an answer that Carrel does not understand.', 'not-understood'],
    ['half', 502, 'The connection to FOLIO failed. Try again later', 'connection'],
    ['TLS expired', 502, 'The certificate of FOLIO is not valid or not trusted.', 'certificate'],
  ])(
    '4.7 LSP %s: the form stays, says why, and the item can be entered by hand',
    async (...row) => {
      const [fault, status, words, kind] = row
      const { site, log } = await siteWith(fault)
      const answer = await lookUp(site, OPTICS)
      const page = await answer.text()
      expect(page).toContain(words)
      expect(page).toMatch(/ class="faults" role="alert">[^<]*, or enter the item by hand\.</)
      expect(page).toMatch(/value="Typed by hand"[\s\S]*Kept<\/textarea>/)
      expect(answer.status).toBe(status)
      const seconds = /Try again in (\d+) seconds/.exec(page)?.[1] ?? null
      expect(answer.headers.get('retry-after'), 'for programs too').toBe(seconds)
      expect(log.filter(({ msg }) => msg === 'lsp.fail')).toEqual([
        expect.objectContaining({ lsp: 'FOLIO', kind }),
      ])
      expect(items(site)).toEqual([])
      const added = await site.post('lee', '/update/add', { barcode: OPTICS, title: 'By hand' })
      expect(added.status).toBe(303)
      expect(items(site)).toEqual([{ barcode: OPTICS, title: 'By hand' }])
      const told = page + JSON.stringify([log, site.log])
      for (const secret of SECRETS) expect(told).not.toContain(secret)
    },
  )

  it.each([
    ['missing fields', '35047000000025', 'FOLIO has this item without year. Add what is missing'],
    ['two hits', 'TWICE', 'FOLIO has more than one item with this barcode.'],
    ['no such item', '350470009999', 'FOLIO knows no item with this barcode. Check it'],
  ])('4.7 LSP %s: said, with what is known filled in', async (_, barcode, words) => {
    const site = await startSite({ ini: iniOf(fake.url) })
    const answer = await lookUp(site, barcode)
    const page = await answer.text()
    expect([answer.status, page]).toEqual([200, expect.stringContaining(words)])
    expect(page).toMatch(/or enter the item by hand\.|Add what is missing\./)
    expect(page).toContain('value="Typed by hand"')
    expect(page.includes('value="A book without a year"')).toBe(barcode === '35047000000025')
    expect(items(site)).toEqual([])
  })

  it('4.7 LSP token expired: staff notice nothing, and no token shows anywhere', async () => {
    const site = await startSite({ ini: iniOf(fake.url) })
    await lookUp(site, OPTICS)
    await fake.fault('expire')
    const answer = await lookUp(site, OPTICS)
    const page = await answer.text()
    expect([answer.status, page]).toEqual([
      200,
      expect.stringContaining('Found in FOLIO: Example optics'),
    ])
    expect(page).toContain('value="Example optics : a primer"')
    for (const secret of SECRETS) expect(page + JSON.stringify(site.log)).not.toContain(secret)
  })

  it('costs one wait when FOLIO is dead: then it is left alone, and tried again after a rest', async () => {
    const site = await startSite({ ini: iniOf(fake.url) })
    await fake.fault('500')
    await lookUp(site, OPTICS)
    const asked = (await fake.asked()).length
    const again = await lookUp(site, OPTICS)
    expect([again.status, await again.text()]).toEqual([
      503,
      expect.stringMatching(/FOLIO failed a moment ago and is left alone.*Try again in 30 seconds/),
    ])
    expect(await fake.asked()).toHaveLength(asked)
    await fake.fault('')
    site.clock.t += 30_000
    expect(await (await lookUp(site, OPTICS)).text()).toContain('Found in FOLIO: Example optics')
  })

  it('works while an item is edited and refreshed, and tells of a fault there too', async () => {
    const site = await startSite({ ini: iniOf(fake.url) })
    await site.addItem(OPTICS, { convert: false })
    await fake.fault('500')
    const edited = await upload(site, 'lee', '/update/edit', {
      old_barcode: OPTICS,
      barcode: OPTICS,
      title: 'Mine',
      action: 'look-up',
    })
    expect([edited.status, await edited.text()]).toEqual([
      502,
      expect.stringContaining('value="Mine"'),
    ])
    site.clock.t += 30_000
    const refreshed = await site.as('lee', `/refresh/${OPTICS}`)
    const words = 'FOLIO reports a fault of its own. Try again later.</p>'
    expect([refreshed.status, await refreshed.text()]).toEqual([
      502,
      expect.stringContaining(words),
    ])
  })
})

describe('the pages of patrons', () => {
  it('4.7 LSP dead: never ask FOLIO, which may be dead', async () => {
    const site = await startSite({ ini: iniOf(fake.url) })
    const item = await site.addItem(OPTICS)
    await fake.fault('hang')
    const before = (await fake.asked()).length
    const statusOf = async (path: string) => (await site.as('ann', path)).status
    for (const path of ['/', '/about', `/item/${item}`, `/item-status/${item}`]) {
      expect(await statusOf(path), path).toBe(200)
    }
    expect((await site.post('ann', '/loan', { barcode: item })).status).toBe(303)
    for (const path of [`/view/${item}`, `/manifests/${item}`, `/iiif/${item}/1/info.json`]) {
      expect(await statusOf(path), path).toBe(200)
    }
    expect(await statusOf(`/iiif/${item}/1/0,0,512,512/512,/0/default.jpg`)).toBe(200)
    expect((await site.post('ann', `/return/${item}`)).status).toBe(303)
    expect(await statusOf('/thankyou')).toBe(200)
    expect(await fake.asked()).toHaveLength(before)
    await fake.fault('')
    await lookUp(site, '350470009999')
    expect((await fake.asked()).length, 'what is asked is seen').toBeGreaterThan(before)
  })
})
