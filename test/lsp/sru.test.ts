import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lsp } from '../../src/lsp/lsp.ts'
import { sru } from '../../src/lsp/sru.ts'
import { outgoing } from '../../src/outgoing.ts'
import { lspContract } from '../contract/lsp.ts'
import { CYRILLIC, INCOMPLETE, OPTICS, SEVERAL } from '../support/catalogue.ts'
import { type Fake, startFake } from '../support/fake.ts'
import { barcode } from '../support/lending.ts'
import { settingsOf } from '../support/settings.ts'

const PAGE = 'https://opac.example.edu/record?n='

lspContract({
  type: 'sru',
  ini: (url) => `SRU_URL = ${url}/sru\nSRU_PAGE_TEMPLATE = ${PAGE}{id}`,
  found: { barcode: OPTICS.barcode, record: { ...OPTICS.record, itemPage: `${PAGE}42` } },
  several: SEVERAL,
  incomplete: { barcode: INCOMPLETE, fields: ['author', 'year'] },
  codes: [
    ['diagnostic-16', 'info:srw/diagnostic/1/16'],
    ['surrogate', 'info:srw/diagnostic/1/64'],
  ],
  secrets: [],
  // Half a JSON document is not half an answer of SRU, but no answer all the same.
  json: true,
})

describe('SRU', () => {
  let fake: Fake

  beforeAll(async () => {
    fake = await startFake('sru')
  })
  afterAll(() => fake.stop())
  beforeEach(() => fake.fault(''))

  function catalogue(...lines: string[]): Lsp {
    const { ask } = outgoing({ named: [new URL(fake.url)] })
    return sru(
      settingsOf(
        ['LSP_TYPE = sru', '[sru]', `SRU_URL = ${fake.url}/sru?x-database=main`, ...lines].join(
          '\n',
        ),
      ),
      ask,
    )
  }
  const look = (text: string, ...lines: string[]) => catalogue(...lines).lookUp(barcode(text))

  it.each(['1.1', '1.2', '2.0'])('speaks version %s', async (version) => {
    const given = `SRU_VERSION = ${version}`
    expect(await look(OPTICS.barcode, given)).toMatchObject({ kind: 'found' })
    expect(await look('nope', given)).toEqual({ kind: 'not-found' })
    expect(await look(SEVERAL, given)).toEqual({ kind: 'several' })
  })

  it('asks for two records in MARCXML, the barcode a quoted term, keeping the address whole', async () => {
    await look(OPTICS.barcode)
    const target = (await fake.asked()).at(-1)?.target
    expect(target).toBe(
      '/sru?x-database=main&version=1.1&operation=searchRetrieve&query=dc.barcode%3D%2235047000000017%22' +
        '&maximumRecords=2&recordSchema=marcxml&recordPacking=xml',
    )
  })

  it('takes a template with its own quotes, and one with two clauses', async () => {
    for (const query of ['dc.barcode="{barcode}"', 'dc.barcode={barcode} or dc.barcode="no"']) {
      expect(await look(OPTICS.barcode, `SRU_QUERY = ${query}`)).toMatchObject({ kind: 'found' })
    }
  })

  it('gives no page without a template', async () => {
    expect(await look(OPTICS.barcode)).toMatchObject({ record: { itemPage: '' } })
  })

  it('finds a record in another script', async () => {
    expect(await look(CYRILLIC)).toMatchObject({ record: { publisher: 'Наука' } })
  })

  it('goes by the number that Koha knows the record by', async () => {
    await fake.fault('koha')
    expect(await look(OPTICS.barcode, `SRU_PAGE_TEMPLATE = ${PAGE}{id}`)).toEqual({
      kind: 'found',
      record: { ...OPTICS.record, itemPage: `${PAGE}42` },
    })
  })

  it('leaves out a record of Koha of which no item has the barcode', async () => {
    await fake.fault('koha')
    expect(await look('35047000000018')).toMatchObject({ record: { itemId: '42' } })
    expect(await look('7000000018')).toEqual({ kind: 'not-found' })
  })

  it.each([
    ['diagnostic-1', { why: 'fault', code: 'info:srw/diagnostic/1/1' }],
    ['diagnostic-2', { why: 'busy', code: 'info:srw/diagnostic/1/2' }],
    ['diagnostic-10', { why: 'not-understood', code: 'info:srw/diagnostic/1/10' }],
    ['diagnostic-16', { why: 'not-understood', code: 'info:srw/diagnostic/1/16' }],
    ['surrogate', { why: 'not-understood', code: 'info:srw/diagnostic/1/64' }],
    ['diagnostic-16 /opt/secret/path', { why: 'not-understood' }],
    ['half-xml', { why: 'not-understood' }],
    ['bomb', { why: 'not-understood' }],
    ['count-only', { why: 'not-understood' }],
    ['no-count', { why: 'not-understood' }],
  ])('4.7 LSP %s: unreachable', async (fault, trouble) => {
    await fake.fault(fault)
    expect(await look(OPTICS.barcode)).toEqual({ kind: 'unreachable', ...trouble })
  })

  it.each([
    ['diagnostic-3', 'not-permitted'],
    ['diagnostic-68', 'not-permitted'],
    ['diagnostic-61', 'not-found'],
  ])('4.7 LSP %s: %s', async (fault, kind) => {
    await fake.fault(fault)
    expect(await look(OPTICS.barcode)).toEqual({ kind })
  })

  it.each([
    ['SRU_QUERY = dc.nope={barcode}', 'info:srw/diagnostic/1/16'],
    ['SRU_QUERY = koha.barcode={barcode}', 'info:srw/diagnostic/1/15'],
    ['SRU_QUERY = dc.barcode=({barcode}', 'info:srw/diagnostic/1/10'],
  ])('shows by its check that %s does not suit the catalogue', async (line, code) => {
    const fault = { kind: 'unreachable', why: 'not-understood', code }
    expect(await catalogue(line).check()).toEqual(fault)
    expect(await look(OPTICS.barcode, line)).toEqual(fault)
  })
})
