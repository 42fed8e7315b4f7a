import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lsp } from '../../src/lsp/lsp.ts'
import { tind } from '../../src/lsp/tind.ts'
import { outgoing } from '../../src/outgoing.ts'
import { lspContract } from '../contract/lsp.ts'
import { CYRILLIC, INCOMPLETE, OPTICS, SEVERAL } from '../support/catalogue.ts'
import { type Fake, startFake } from '../support/fake.ts'
import { barcode } from '../support/lending.ts'
import { settingsOf } from '../support/settings.ts'

lspContract({
  type: 'tind',
  ini: (url) => `TIND_SERVER_URL = ${url}/`,
  found: {
    barcode: OPTICS.barcode,
    record: (url) => ({ ...OPTICS.record, itemPage: `${url}/record/42` }),
  },
  several: SEVERAL,
  incomplete: { barcode: INCOMPLETE, fields: ['author', 'year'] },
  secrets: [],
  json: true,
})

describe('TIND', () => {
  let fake: Fake
  let lsp: Lsp

  beforeAll(async () => {
    fake = await startFake('tind')
    const { ask } = outgoing({ named: [new URL(fake.url)] })
    lsp = tind(settingsOf(`LSP_TYPE = tind\n[tind]\nTIND_SERVER_URL = ${fake.url}`), ask)
  })
  afterAll(() => fake.stop())
  beforeEach(() => fake.fault(''))

  const look = (text: string) => lsp.lookUp(barcode(text))

  it('finds a record in another script', async () => {
    expect(await look(CYRILLIC)).toMatchObject({
      record: { title: 'Оптика : введение', author: 'Иванов И. И.', year: '2018' },
    })
  })

  it('finds the second copy of a record by its own barcode', async () => {
    expect(await look('35047000000018')).toMatchObject({ record: { itemId: '42' } })
  })

  it('finds nothing where the search has a record but no item of it has the barcode', async () => {
    const before = (await fake.asked()).length
    expect(await look('35047000000044')).toEqual({ kind: 'not-found' })
    const targets = (await fake.asked()).slice(before).map(({ target }) => target)
    expect(targets).toEqual([
      '/search?p=barcode%3A+35047000000044&of=xm',
      '/nanna/bibcirc/45/details',
    ])
  })

  it('reads barcodes that come as numbers', async () => {
    await fake.fault('numbers')
    expect(await look(OPTICS.barcode)).toMatchObject({ kind: 'found' })
  })

  it.each(['half-xml', 'bomb', 'no-items'])(
    '4.7 LSP %s: unreachable (not-understood)',
    async (fault) => {
      await fake.fault(fault)
      expect(await look(OPTICS.barcode)).toEqual({ kind: 'unreachable', why: 'not-understood' })
    },
  )

  it.each([
    ['html', 'not-understood'],
    ['not-json', 'not-understood'],
    ['500', 'fault'],
    ['close', 'connection'],
  ])('4.7 LSP %s at the second question: unreachable (%s)', async (fault, why) => {
    await fake.fault(fault, { after: 1 })
    expect(await look(OPTICS.barcode)).toMatchObject({ kind: 'unreachable', why })
  })

  it('tells that it is not well when it answers with a web page', async () => {
    await fake.fault('html')
    expect(await lsp.check()).toEqual({ kind: 'unreachable', why: 'not-understood' })
  })

  describe('tells of a cover', () => {
    async function coverOf(itemId: string) {
      const cover = await lsp.coverOf?.({ itemId })
      return cover?.kind === 'at' ? cover.url.href.replace(fake.url, 'HERE') : cover
    }
    const none = { kind: 'none' }

    it.each([
      ['the big one', '42', 'HERE/b.jpg'],
      ['the medium one where there is no big one', '43', 'HERE/m.jpg'],
      ['none where there is none', '45', none],
      ['none for an item of another library system', '0f1c-42', none],
      ['none for an item that was entered by hand', '', none],
    ])('%s', async (_, itemId, cover) => {
      expect(await coverOf(itemId)).toEqual(cover)
    })

    it.each([
      ['foreign', 'forbidden'],
      ['not-a-url', 'forbidden'],
      ['html', 'not-understood'],
      ['500', 'fault'],
      ['close', 'connection'],
    ])('of none, and why, when the answer is %s', async (fault, why) => {
      await fake.fault(fault)
      expect(await coverOf('42')).toMatchObject({ kind: 'unreachable', why })
    })
  })
})
