import pino from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { chooseLsp } from '../../src/lsp/choose.ts'
import type { Lsp } from '../../src/lsp/lsp.ts'
import { type Fake, startFake } from '../support/fake.ts'
import { barcode } from '../support/lending.ts'
import { settingsOf } from '../support/settings.ts'

const OPTICS = barcode('35047000000017')
const LOGIN = '/authn/login-with-expiry'
const REFRESH = '/authn/refresh'
const FOUND = { kind: 'found' }
const NOT_PERMITTED = { kind: 'not-permitted' }

let fake: Fake
let time = 0
let mark = 0

beforeAll(async () => {
  fake = await startFake('folio')
})
afterAll(() => fake.stop())
beforeEach(async () => {
  await fake.fault('')
  await from()
})

/** From here on `paths` counts. */
const from = async () => {
  mark = (await fake.asked()).length
}
const asked = async () => (await fake.asked()).slice(mark)
const paths = async () => (await asked()).map(({ target }) => target.split('?')[0])

async function folio({
  user = 'carrel',
  password = 'correct horse',
  tenant = 'library',
  token = '',
} = {}) {
  const settings = settingsOf(`LSP_TYPE = folio
    [folio]
    FOLIO_OKAPI_URL = ${fake.url}
    FOLIO_OKAPI_TENANT_ID = ${tenant}
    FOLIO_OKAPI_TOKEN = ${token}
    FOLIO_USER = ${token === '' ? user : ''}
    FOLIO_PASSWORD = ${token === '' ? password : ''}`)
  const choice = await chooseLsp({ settings, log: pino({ enabled: false }), monotonic: () => time })
  if (choice.kind !== 'lsp') throw new Error('no FOLIO')
  return choice.lsp
}

/** Several look-ups at the same moment. */
const crowd = (lsp: Lsp) => Promise.all(Array.from({ length: 6 }, () => lsp.lookUp(OPTICS)))

describe('the way into FOLIO', () => {
  it('is one login for all that ask, then a cookie that goes to no other path than it should', async () => {
    const lsp = await folio()
    expect(await crowd(lsp)).toMatchObject(Array(6).fill(FOUND))
    const calls = await asked()
    expect(calls.filter(({ method }) => method === 'POST').map(({ target }) => target)).toEqual([
      LOGIN,
    ])
    for (const { headers, target } of calls) {
      expect(headers['x-okapi-tenant'], target).toBe('library')
      if (target !== LOGIN) expect(headers.cookie).toMatch(/^folioAccessToken=access\.[\w-]+$/)
    }
  })

  it('is a fixed token where the settings give one', async () => {
    expect(await (await folio({ token: 'fixed.okapi.token' })).lookUp(OPTICS)).toMatchObject(FOUND)
    const calls = await asked()
    expect(calls.map(({ headers }) => headers['x-okapi-token'])).toEqual(
      Array(3).fill('fixed.okapi.token'),
    )
    await from()
    expect(await (await folio({ token: 'an.old.token' })).lookUp(OPTICS)).toEqual(NOT_PERMITTED)
    expect(await asked()).toHaveLength(1)
  })

  it('4.7 LSP token expired: it is refreshed once for all waiting calls, which then go through', async () => {
    const lsp = await folio()
    await lsp.lookUp(OPTICS)
    await fake.fault('expire')
    await from()
    expect(await crowd(lsp)).toMatchObject(Array(6).fill(FOUND))
    const changes = (await paths()).filter((path) => path?.startsWith('/authn'))
    expect(changes).toEqual([REFRESH])
  })

  it.each([1, 2, 3])(
    '4.7 LSP token expired: also in the middle of a look-up, at question %i',
    async (question) => {
      const lsp = await folio()
      await lsp.lookUp(OPTICS)
      await from()
      await fake.fault('401', { after: question - 1, times: 1 })
      expect(await lsp.lookUp(OPTICS)).toMatchObject(FOUND)
      expect((await paths()).filter((path) => path === REFRESH)).toHaveLength(1)
      expect(await asked()).toHaveLength(5)
    },
  )

  it('is refreshed when less than a minute is left, with a token that is used once', async () => {
    const lsp = await folio()
    await lsp.lookUp(OPTICS)
    time += 539_000
    await from()
    await lsp.lookUp(OPTICS)
    expect(await paths()).not.toContain(REFRESH)
    const used: unknown[] = []
    for (let round = 0; round < 3; round++) {
      time += 541_000
      await from()
      expect(await crowd(lsp)).toMatchObject(Array(6).fill(FOUND))
      const posts = (await asked()).filter(({ method }) => method === 'POST')
      expect(posts.map(({ target }) => target)).toEqual([REFRESH])
      used.push(posts[0]?.headers.cookie)
    }
    expect(used).toEqual(
      Array(3).fill(expect.stringMatching(/^folioRefreshToken=refresh\.[\w-]+$/)),
    )
    expect(new Set(used).size).toBe(3)
  })

  it.each(['okapi', 'eureka'])(
    'is a new login when the refresh token is spent (%s)',
    async (release) => {
      await fake.fault(release)
      const lsp = await folio()
      await lsp.lookUp(OPTICS)
      await fake.fault('spend')
      await from()
      expect(await crowd(lsp)).toMatchObject(Array(6).fill(FOUND))
      expect((await paths()).filter((path) => path?.startsWith('/authn'))).toEqual([REFRESH, LOGIN])
    },
  )

  it('is a new login also when the answer to a refresh was lost, and the token with it', async () => {
    const lsp = await folio()
    await lsp.lookUp(OPTICS)
    await fake.fault('expire')
    await fake.fault('close', { after: 1, times: 1 })
    expect(await lsp.lookUp(OPTICS)).toMatchObject({ kind: 'unreachable', why: 'connection' })
    await fake.fault('spend')
    time += 30_000
    expect(await lsp.lookUp(OPTICS)).toMatchObject(FOUND)
  })

  it('puts a question once more and no oftener when every token is refused', async () => {
    const lsp = await folio()
    await fake.fault('refuse')
    expect(await lsp.lookUp(OPTICS)).toEqual(NOT_PERMITTED)
    expect(await paths()).toEqual([LOGIN, '/inventory/items', REFRESH, '/inventory/items'])
  })

  it.each(['eureka', 'legacy', 'tokens-in-body'])(
    'is found in a release that is %s',
    async (name) => {
      await fake.fault(name)
      const lsp = await folio()
      expect(await lsp.check()).toEqual({ kind: 'well' })
      expect(await crowd(lsp)).toMatchObject(Array(6).fill(FOUND))
      await fake.fault('expire')
      await fake.fault(name)
      expect(await lsp.lookUp(OPTICS)).toMatchObject(FOUND)
      const logins = (await paths()).filter((path) => path === '/authn/login')
      expect(logins).toHaveLength(name === 'legacy' ? 2 : 0)
    },
  )

  it('without cookies still ends by the time that FOLIO names', async () => {
    await fake.fault('tokens-in-body')
    const lsp = await folio()
    await lsp.lookUp(OPTICS)
    time += 530_000
    await lsp.lookUp(OPTICS)
    expect((await paths()).filter((path) => path === LOGIN)).toHaveLength(1)
    time += 12_000
    await lsp.lookUp(OPTICS)
    expect((await paths()).filter((path) => path === LOGIN)).toHaveLength(2)
  })

  it.each(['okapi', 'eureka'])(
    'is closed to an account that FOLIO (%s) does not know or trust',
    async (release) => {
      await fake.fault(release)
      for (const account of [
        { user: 'stranger' },
        { password: 'wrong' },
        { tenant: 'elsewhere' },
        { user: 'nobody' },
        { tenant: 'elsewhere', token: 'fixed.okapi.token' },
      ]) {
        expect(await (await folio(account)).lookUp(OPTICS), JSON.stringify(account)).toEqual(
          NOT_PERMITTED,
        )
        expect(await (await folio(account)).check()).toEqual(NOT_PERMITTED)
      }
    },
  )

  it('does not get the account locked by trying a wrong password again and again', async () => {
    const lsp = await folio({ password: 'wrong' })
    for (let n = 0; n < 5; n++) expect(await lsp.lookUp(OPTICS)).toEqual(NOT_PERMITTED)
    expect(await paths()).toEqual([LOGIN])
    time += 5 * 60_000
    await lsp.lookUp(OPTICS)
    expect(await paths()).toEqual([LOGIN, LOGIN])
  })

  it.each([0, 1, 2, 3])('that breaks at question %i is told as such', async (question) => {
    await fake.fault('500', { after: question })
    expect(await (await folio()).lookUp(OPTICS)).toEqual({ kind: 'unreachable', why: 'fault' })
  })

  it('says that an item without a bibliographic record lacks everything', async () => {
    expect(await (await folio()).lookUp(barcode('ORPHAN'))).toMatchObject({
      kind: 'incomplete',
      fields: ['title', 'author', 'year'],
    })
  })

  it('says that another service at this address is none that it understands', async () => {
    const settings = settingsOf(`LSP_TYPE = folio
      [folio]
      FOLIO_OKAPI_URL = ${fake.url}/elsewhere
      FOLIO_OKAPI_TENANT_ID = library
      FOLIO_OKAPI_TOKEN = fixed.okapi.token`)
    const choice = await chooseLsp({
      settings,
      log: pino({ enabled: false }),
      monotonic: () => time,
    })
    const lsp = choice.kind === 'lsp' ? choice.lsp : undefined
    expect(await lsp?.check()).toEqual({ kind: 'unreachable', why: 'not-understood' })
  })
})
