import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Barcode } from '../../src/ids.ts'
import { sru } from '../../src/lsp/sru.ts'
import { outgoing } from '../../src/outgoing.ts'
import { CYRILLIC, INCOMPLETE, OPTICS, SEVERAL } from '../support/catalogue.ts'
import { settingsOf } from '../support/settings.ts'
import { startZebra, type Zebra } from '../support/zebra.ts'

let zebra: Zebra
let out: ReturnType<typeof outgoing>

beforeAll(async () => {
  zebra = await startZebra()
  out = outgoing({ named: [new URL(zebra.url)] })
})
afterAll(async () => {
  await out?.close()
  await zebra?.stop()
})

describe.each(['1.1', '1.2', '2.0'])('a real Zebra server, by SRU %s', (version) => {
  function catalogue(query = 'dc.barcode={barcode}') {
    const lines = ['LSP_TYPE = sru', '[sru]', `SRU_URL = ${zebra.url}`, `SRU_VERSION = ${version}`]
    return sru(settingsOf([...lines, `SRU_QUERY = ${query}`].join('\n')), out.ask)
  }
  const look = (text: string) => catalogue().lookUp(text as Barcode)

  it('finds an item by its barcode, with all that it tells', async () => {
    const record = { ...OPTICS.record, itemPage: '' }
    expect(await look(OPTICS.barcode)).toEqual({ kind: 'found', record })
    expect(await look('35047000000018')).toEqual({ kind: 'found', record })
  })

  it('finds a record in another script', async () => {
    expect(await look(CYRILLIC)).toMatchObject({ record: { title: 'Оптика : введение' } })
  })

  it('says when there are several, when something is missing, when there is none', async () => {
    expect(await look(SEVERAL)).toEqual({ kind: 'several' })
    expect(await look(INCOMPLETE)).toMatchObject({ kind: 'incomplete', fields: ['author', 'year'] })
    expect(await look('99999999999999')).toEqual({ kind: 'not-found' })
  })

  it.each([
    ['" or cql.allRecords=1 or "', '"" or cql.allRecords=1 or ""'],
    ['35*', '"35*"'],
    ['3504700000????', '"3504700000????"'],
  ])('finds nothing by %s, which finds all when it is not escaped', async (text, unescaped) => {
    expect(await look(text)).toEqual({ kind: 'not-found' })
    const { lookUp } = catalogue(`dc.barcode=${unescaped} or dc.barcode={barcode}`)
    expect(await lookUp('nothing' as Barcode)).toEqual({ kind: 'several' })
  })

  it.each(['*', '\\', '\\"', '"', '^35047000000017', '()', 'x&y=z#?/../', '9'.repeat(64), 'Ж'])(
    'finds nothing by %s',
    async (text) => {
      expect(await look(text)).toEqual({ kind: 'not-found' })
    },
  )

  it('shows by its check whether the query suits it', async () => {
    const fault = { kind: 'unreachable', why: 'not-understood' }
    expect(await catalogue().check()).toEqual({ kind: 'well' })
    expect(await catalogue('dc.nope={barcode}').check()).toEqual({
      ...fault,
      code: 'info:srw/diagnostic/1/16',
    })
    expect(await catalogue('nope.barcode={barcode}').check()).toEqual({
      ...fault,
      code: 'info:srw/diagnostic/1/15',
    })
  })
})
