import pino from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { chooseLsp } from '../../src/lsp/choose.ts'
import type { Lsp } from '../../src/lsp/lsp.ts'
import { lspContract } from '../contract/lsp.ts'
import { type Fake, startFake } from '../support/fake.ts'
import { barcode } from '../support/lending.ts'
import { settingsOf } from '../support/settings.ts'

const RECORD = {
  itemId: '7',
  itemPage: 'https://opac.example.edu/cgi-bin/koha/opac-detail.pl?biblionumber=42',
  title: 'Example optics : a primer',
  author: 'Doe, Jane',
  publisher: 'Sample Press',
  edition: '2nd ed',
  year: '1992',
  isbnIssn: '9780000000019',
}
const OPTICS = barcode('35047000000017')
const FOUND = { kind: 'found', record: RECORD }
const NOT_PERMITTED = { kind: 'not-permitted' }
const NOT_FOUND = { kind: 'not-found' }

const PLACE = (url: string) => `KOHA_URL = ${url}/\nKOHA_OPAC_URL = https://opac.example.edu/\n`
const BASIC = 'KOHA_USER = carrel\nKOHA_PASSWORD = correct:horse'
const CLIENT = 'KOHA_CLIENT_ID = client-of-carrel\nKOHA_CLIENT_SECRET = client secret & more'

for (const [way, lines] of [
  [' with a user', BASIC],
  [' with an API client', CLIENT],
] as const) {
  lspContract({
    type: 'koha',
    way,
    ini: (url) => PLACE(url) + lines,
    found: { barcode: OPTICS, record: RECORD },
    several: 'TWICE',
    incomplete: { barcode: '35047000000025', fields: ['author', 'year'] },
    secrets: [
      'correct:horse',
      Buffer.from('carrel:correct:horse').toString('base64'),
      'client secret',
      'client+secret',
      'token-',
    ],
    json: true,
  })
}

let fake: Fake
let time = 0
let mark = 0

beforeAll(async () => {
  fake = await startFake('koha')
})
afterAll(() => fake.stop())
beforeEach(async () => {
  await fake.fault('')
  mark = (await fake.asked()).length
})

/** What was asked since the test began, or since `mark` was moved. */
const asked = async () => (await fake.asked()).slice(mark)
const paths = async () => (await asked()).map(({ target }) => target.split('?')[0]?.slice(7))

async function koha(lines = CLIENT): Promise<Lsp> {
  const settings = settingsOf(`LSP_TYPE = koha\n[koha]\nKOHA_URL = ${fake.url}
KOHA_OPAC_URL = https://opac.example.edu\n${lines}`)
  const choice = await chooseLsp({ settings, log: pino({ enabled: false }), monotonic: () => time })
  if (choice.kind !== 'lsp') throw new Error('no Koha')
  return choice.lsp
}

/** Several look-ups at the same moment. */
const crowd = (lsp: Lsp) => Promise.all(Array.from({ length: 6 }, () => lsp.lookUp(OPTICS)))

const ITEMS = '/items'
const BIBLIO = '/biblios/42'
const TOKEN = '/oauth/token'

describe('the way into Koha', () => {
  it('is one token for all that ask, with the secret in the body of one question only', async () => {
    const lsp = await koha()
    expect(await crowd(lsp)).toEqual(Array(6).fill(FOUND))
    const calls = await asked()
    expect(calls.filter(({ target }) => target.endsWith(TOKEN))).toHaveLength(1)
    expect(calls).toHaveLength(13)
    expect(calls[0]?.body).toBe(
      'grant_type=client_credentials&client_id=client-of-carrel&client_secret=client+secret+%26+more',
    )
    expect(calls[1]?.target).toBe('/api/v1/items?external_id=35047000000017&_match=exact')
    expect(JSON.stringify(calls.slice(1))).not.toContain('secret')
    expect(calls.map(({ target }) => target).join()).not.toContain('token-')
  })

  it('is the same token until shortly before its end, then another', async () => {
    const lsp = await koha()
    await lsp.lookUp(OPTICS)
    time += 3_539_000
    await lsp.lookUp(OPTICS)
    expect(await paths()).toEqual([TOKEN, ITEMS, BIBLIO, ITEMS, BIBLIO])
    time += 1_000
    await lsp.lookUp(OPTICS)
    expect((await paths()).slice(5)).toEqual([TOKEN, ITEMS, BIBLIO])
  })

  it('uses a token of a short life too, for half of it', async () => {
    await fake.fault('short')
    const lsp = await koha()
    await lsp.lookUp(OPTICS)
    time += 14_000
    await lsp.lookUp(OPTICS)
    time += 1_000
    await lsp.lookUp(OPTICS)
    expect(await paths()).toEqual([TOKEN, ITEMS, BIBLIO, ITEMS, BIBLIO, TOKEN, ITEMS, BIBLIO])
  })

  it('4.7 LSP token expired: fetches one for all that wait, and puts each question once more', async () => {
    const lsp = await koha()
    await lsp.lookUp(OPTICS)
    mark = (await fake.asked()).length
    await fake.fault('expire')
    expect(await crowd(lsp)).toEqual(Array(6).fill(FOUND))
    const calls = await paths()
    expect(calls.filter((path) => path === TOKEN)).toHaveLength(1)
    expect(calls.filter((path) => path === ITEMS)).toHaveLength(12)
    expect(calls.filter((path) => path === BIBLIO)).toHaveLength(6)
  })

  it('4.7 LSP token expired: goes on in the middle of a look-up, asking nothing twice but that', async () => {
    await fake.fault('expire-after-items')
    expect(await (await koha()).lookUp(OPTICS)).toEqual(FOUND)
    expect(await paths()).toEqual([TOKEN, ITEMS, BIBLIO, TOKEN, BIBLIO])
  })

  it('gives up when the second token is refused too', async () => {
    await fake.fault('refuse')
    expect(await (await koha()).lookUp(OPTICS)).toEqual(NOT_PERMITTED)
    expect(await paths()).toEqual([TOKEN, ITEMS, TOKEN, ITEMS])
  })

  it.each([
    ['a wrong secret', 'KOHA_CLIENT_ID = client-of-carrel\nKOHA_CLIENT_SECRET = wrong', ''],
    ['an unknown client', 'KOHA_CLIENT_ID = nobody\nKOHA_CLIENT_SECRET = wrong', ''],
    ['clients that Koha has switched off', CLIENT, 'no-oauth'],
  ])('is shut to %s', async (_, lines, state) => {
    await fake.fault(state)
    expect(await (await koha(lines)).lookUp(OPTICS)).toEqual(NOT_PERMITTED)
    expect(await paths()).toEqual([TOKEN])
  })

  it.each([
    ['a wrong password', 'KOHA_USER = carrel\nKOHA_PASSWORD = wrong', ''],
    ['users where Koha has switched passwords off', BASIC, 'no-basic'],
    ['a user without permission', 'KOHA_USER = reader\nKOHA_PASSWORD = correct:horse', ''],
  ])('is shut to %s, who is not tried twice', async (_, lines, state) => {
    await fake.fault(state)
    const lsp = await koha(lines)
    expect(await lsp.check()).toEqual(NOT_PERMITTED)
    expect(await lsp.lookUp(OPTICS)).toEqual(NOT_PERMITTED)
    expect(await paths()).toEqual([ITEMS, ITEMS])
  })

  it('is shut to a client whose user lacks permission', async () => {
    const reader = 'KOHA_CLIENT_ID = client-of-reader\nKOHA_CLIENT_SECRET = client secret & more'
    expect(await (await koha(reader)).lookUp(OPTICS)).toEqual(NOT_PERMITTED)
  })

  it('prefers the client to the user', async () => {
    expect(await (await koha(`${BASIC}\n${CLIENT}`)).lookUp(OPTICS)).toEqual(FOUND)
    expect(await paths()).toEqual([TOKEN, ITEMS, BIBLIO])
  })

  it.each(['html', 'not-json'])('4.7 LSP %s instead of a token: not understood', async (fault) => {
    await fake.fault(fault, { times: 1 })
    const lsp = await koha()
    expect(await lsp.lookUp(OPTICS)).toMatchObject({ why: 'not-understood' })
    expect(await paths()).toEqual([TOKEN])
    expect(await lsp.lookUp(OPTICS), 'the next look-up asks anew').toEqual(FOUND)
  })

  it('4.7 LSP maintenance: busy', async () => {
    await fake.fault('maintenance')
    expect(await (await koha()).lookUp(OPTICS)).toEqual({
      kind: 'unreachable',
      why: 'busy',
      retryAfterS: 30,
    })
  })
})

describe('a barcode in Koha', () => {
  it('is compared by us where Koha finds all that contain it', async () => {
    await fake.fault('contains')
    const lsp = await koha(BASIC)
    expect(await lsp.lookUp(OPTICS)).toEqual(FOUND)
    for (const text of ['3504700000001', '35047_00000017', 'TWIC', '0']) {
      expect(await lsp.lookUp(barcode(text)), text).toEqual(NOT_FOUND)
    }
  })

  it('is another barcode in other letters', async () => {
    expect(await (await koha(BASIC)).lookUp(barcode('abc-1'))).toEqual(NOT_FOUND)
    expect(await (await koha(BASIC)).lookUp(barcode('ABC-1'))).toMatchObject({ kind: 'found' })
  })

  it('may lose its record between two questions', async () => {
    await fake.fault('gone')
    expect(await (await koha(BASIC)).lookUp(OPTICS)).toMatchObject({ kind: 'incomplete' })
  })

  it('is looked for in the whole record where the columns lack author or year', async () => {
    const volume = barcode('35047000000033')
    expect(await (await koha()).lookUp(volume)).toEqual({
      kind: 'found',
      record: {
        ...RECORD,
        itemId: '14',
        itemPage: RECORD.itemPage.replace('42', '45'),
        title: 'Essays',
        author: 'Ann Roe',
        year: '2018',
      },
    })
    expect(await paths()).toEqual([TOKEN, ITEMS, '/biblios/45', '/biblios/45'])
    expect((await asked()).at(-1)?.headers.accept).toBe('application/marcxml+xml')
  })

  it.each(['no-marc', 'unimarc'])(
    'is incomplete where that helps no further (%s)',
    async (state) => {
      await fake.fault(state)
      expect(await (await koha()).lookUp(barcode('35047000000033'))).toMatchObject({
        kind: 'incomplete',
        fields: ['author', 'year'],
        record: { title: 'Essays', isbnIssn: '' },
      })
    },
  )

  it.each(['html', '500', 'close', '20-mb'])(
    'is incomplete where %s comes instead',
    async (fault) => {
      await fake.fault(fault, { after: 3 })
      const lsp = await koha(CLIENT)
      const answer = await lsp.lookUp(barcode('35047000000033'))
      expect(answer).toMatchObject({ kind: 'incomplete', fields: ['author', 'year'] })
    },
  )

  it('is not looked for where there is no Koha', async () => {
    const settings = settingsOf(
      `LSP_TYPE = koha\n[koha]\nKOHA_URL = ${fake.url}/elsewhere\n${BASIC}`,
    )
    const choice = await chooseLsp({
      settings,
      log: pino({ enabled: false }),
      monotonic: () => time,
    })
    if (choice.kind !== 'lsp') throw new Error('no Koha')
    const answer = { kind: 'unreachable', why: 'not-understood' }
    expect(await choice.lsp.lookUp(OPTICS)).toEqual(answer)
    expect(await choice.lsp.check()).toEqual(answer)
  })
})
