import pino from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ITEM, recordOf } from '../../src/lsp/alma-record.ts'
import { chooseLsp } from '../../src/lsp/choose.ts'
import type { Lsp, LspRecord } from '../../src/lsp/lsp.ts'
import { lspContract } from '../contract/lsp.ts'
import { type Fake, startFake } from '../support/fake.ts'
import { barcode } from '../support/lending.ts'
import { settingsOf } from '../support/settings.ts'

const RECORD = {
  itemId: '2300',
  itemPage: 'https://primo.example.edu/discovery/fulldisplay?docid=alma99000000000000001',
  title: 'Example optics : a primer',
  author: 'Doe, Jane',
  publisher: 'Sample Press',
  edition: '2nd ed',
  year: '1992',
  isbnIssn: '9780000000019',
}
const OPTICS = barcode('35047000000017')
const KEY = 'l7xx-key-of-carrel'

const ini = (url: string, key = KEY) => `ALMA_URL = ${url}/
ALMA_API_KEY = ${key}
ALMA_PAGE_TEMPLATE = https://primo.example.edu/discovery/fulldisplay?docid=alma{mms_id}`

lspContract({
  type: 'alma',
  ini,
  found: { barcode: OPTICS, record: RECORD },
  incomplete: { barcode: '35047000000025', fields: ['author', 'year'] },
  secrets: [KEY],
  json: true,
})

describe('Alma', () => {
  let fake: Fake
  beforeAll(async () => {
    fake = await startFake('alma')
  })
  afterAll(() => fake.stop())
  beforeEach(() => fake.fault(''))

  async function alma(key = KEY): Promise<Lsp> {
    const settings = settingsOf(`LSP_TYPE = alma\n[alma]\n${ini(fake.url, key)}`)
    const choice = await chooseLsp({ settings, log: pino({ enabled: false }), monotonic: () => 0 })
    if (choice.kind !== 'lsp') throw new Error('no Alma')
    return choice.lsp
  }

  it('is asked with the key in a header, kept when it sends us on to the item', async () => {
    expect(await (await alma()).lookUp(OPTICS)).toEqual({ kind: 'found', record: RECORD })
    const calls = await fake.asked()
    expect(calls.map(({ target }) => target)).toEqual([
      '/almaws/v1/items?item_barcode=35047000000017',
      '/almaws/v1/bibs/99000000000000001/holdings/2200/items/2300',
    ])
    for (const { headers } of calls) expect(headers.authorization).toBe(`apikey ${KEY}`)
  })

  it.each([
    ['a wrong key', 'wrong'],
    ['a key without permission, which its gateway says in XML', 'l7xx-key-for-users'],
  ])('lets nobody look up with %s', async (_, key) => {
    expect(await (await alma(key)).lookUp(OPTICS)).toEqual({ kind: 'not-permitted' })
    expect(await (await alma(key)).check()).toEqual({ kind: 'not-permitted' })
  })

  it.each([
    ['per-second', 2],
    ['per-second-400', 2],
    ['daily', 600],
  ])('4.7 LSP 429: is busy beyond its threshold (%s)', async (state, retryAfterS) => {
    await fake.fault(state)
    const busy = { kind: 'unreachable', why: 'busy', retryAfterS }
    expect(await (await alma()).lookUp(OPTICS)).toEqual(busy)
  })

  it('has not found what it mistakes for another item', async () => {
    await fake.fault('mistaken')
    expect(await (await alma()).lookUp(barcode('35047000000018'))).toEqual({ kind: 'not-found' })
  })

  it('reads no sense into a barcode that is also the code of an error', async () => {
    expect(await (await alma()).lookUp(barcode('UNAUTHORIZED'))).toEqual({ kind: 'not-found' })
  })
})

describe("Alma's fields", () => {
  const item = (bib: object) => ({
    bib_data: { mms_id: '99', ...bib },
    item_data: { pid: '23', barcode: '1' },
  })
  it.each<[shape: string, bib: object, told: Partial<LspRecord>]>([
    [
      'a RDA record',
      {
        title: 'The example /',
        author: 'Naʻnʻa, Ḥamı̄dah.',
        isbn: '0000000019',
        complete_edition: 'First English edition.',
        date_of_publication: '1995.',
        publisher_const: 'Sample Publishing Ltd',
      },
      {
        title: 'The example',
        author: 'Naʻnʻa, Ḥamı̄dah',
        publisher: 'Sample Publishing Ltd',
        edition: 'First English edition',
        year: '1995',
        isbnIssn: '0000000019',
      },
    ],
    [
      'a record of an exhibition',
      {
        title: 'Example art in the age of examples.',
        author: 'Galeries de Sample (France)',
        complete_edition: '',
        date_of_publication: '©1999.',
        publisher_const: 'Distributed by Sample',
      },
      { author: 'Galeries de Sample (France)', year: '1999', edition: '', isbnIssn: '' },
    ],
    [
      'a journal',
      {
        title: 'Example+ Zeitschrift für Beispiele',
        author: null,
        issn: '2049-3630',
        isbn: null,
        date_of_publication: '1968-',
      },
      { author: '', year: '1968', isbnIssn: '2049-3630' },
    ],
    ['initials', { author: 'Vollmer, K.', date_of_publication: '2000' }, { author: 'Vollmer, K.' }],
    ['an old record', { date_of_publication: '19--', title: null }, { title: '', year: '' }],
    ['a span of years', { date_of_publication: '1999-2001' }, { year: '1999' }],
    ['a slash in a title', { title: 'AC/DC /' }, { title: 'AC/DC' }],
  ])('are read in the shape of %s', (_, bib, told) => {
    expect(recordOf(ITEM.parse(item(bib)), '')).toMatchObject({ ...told, itemPage: '' })
  })
})
