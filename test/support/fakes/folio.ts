import { randomUUID } from 'node:crypto'
import { EMPTY_INSTANCE, INSTANCES, ITEMS } from './folio-data.ts'
import { type Asked, type FakeAnswer, runFake } from './run.ts'

/**
 * A FOLIO: tenant `library`, a user who may read the inventory, and one who may not. Its states are
 * set as faults are: `eureka` and `legacy` are other releases, `tokens-in-body` gives no cookies,
 * `expire` ends every access token now, `spend` ends every refresh token too, `refuse` knows no
 * token from now on; any other name makes it the usual Okapi again.
 */
const TENANT = 'library'
const USERS: Readonly<Record<string, { password: string; permitted: boolean }>> = {
  carrel: { password: 'correct horse', permitted: true },
  nobody: { password: 'correct horse', permitted: false },
}
const FIXED_TOKEN = 'fixed.okapi.token'

type Release = 'okapi' | 'eureka' | 'legacy'
let release: Release = 'okapi'
let cookies = true
let refuses = false
const accessTokens = new Map([[FIXED_TOKEN, 'carrel']])
const refreshTokens = new Map<string, string>()
const spentTokens = new Map<string, string>()

function setState(name: string): void {
  if (name === 'expire' || name === 'spend') accessTokens.clear()
  if (name === 'spend') {
    for (const [token, user] of refreshTokens) spentTokens.set(token, user)
    refreshTokens.clear()
  }
  if (name === 'expire' || name === 'spend') return
  accessTokens.set(FIXED_TOKEN, 'carrel')
  release = name === 'eureka' || name === 'legacy' ? name : 'okapi'
  cookies = name !== 'tokens-in-body'
  refuses = name === 'refuse'
}

const json = (status: number, value: unknown, headers = {}): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(value),
})

/** Okapi says it in a word; Eureka, and every login, in JSON. */
function no(status: number, message: string, code = 'service.error'): FakeAnswer {
  if (release === 'eureka' || status === 422) {
    return json(status, { errors: [{ message, type: 'error', code }], total_records: 1 })
  }
  return { status, headers: { 'content-type': 'text/plain' }, body: message }
}

function answer(asked: Asked, url: URL): FakeAnswer | undefined {
  const tenant = asked.headers['x-okapi-tenant']
  if (tenant !== TENANT) return no(400, `No such Tenant ${tenant ?? ''}`)
  if (asked.method === 'POST') return authenticate(asked, url.pathname)
  const permission = PERMISSIONS.find(([path]) => url.pathname.startsWith(path))?.[1]
  if (permission === undefined) return no(404, `No suitable module found for path ${url.pathname}`)
  return refusal(asked, permission) ?? inventory(url)
}

function authenticate({ body, headers }: Asked, path: string): FakeAnswer | undefined {
  if (path === '/authn/login-with-expiry' && release !== 'legacy') return logIn(body, headers)
  if (path === '/authn/login' && release === 'legacy') return logIn(body, headers)
  if (path === '/authn/refresh' && release !== 'legacy') {
    const token = cookie(headers.cookie, 'folioRefreshToken')
    const user = refreshTokens.get(token)
    if (user !== undefined) {
      refreshTokens.delete(token)
      spentTokens.set(token, user)
      return tokensFor(user)
    }
    revokeAll(spentTokens.get(token))
    return no(release === 'eureka' ? 400 : 422, 'Invalid token', 'token.refresh.unprocessable')
  }
  return no(404, `No suitable module found for path ${path}`)
}

function logIn(body: string, headers: Asked['headers']): FakeAnswer {
  if (headers['content-type'] !== 'application/json') return no(415, 'Unsupported Media Type')
  const { username, password } = JSON.parse(body)
  const user = USERS[username]
  if (user === undefined) {
    const message = `Error verifying user existence: No user found by username ${username}`
    return no(422, message, 'username.incorrect')
  }
  if (password !== user.password) {
    return no(422, 'Password does not match', 'password.incorrect')
  }
  return tokensFor(username)
}

function tokensFor(user: string): FakeAnswer {
  const access = `access.${randomUUID()}`
  accessTokens.set(access, user)
  if (release === 'legacy') {
    return json(201, { okapiToken: access, refreshToken: 'x' }, { 'x-okapi-token': access })
  }
  const expiration = {
    accessTokenExpiration: new Date(Date.now() + 600_000).toISOString(),
    refreshTokenExpiration: new Date(Date.now() + 604_800_000).toISOString(),
  }
  if (!cookies) return json(201, { accessToken: access, ...expiration })
  const refresh = `refresh.${randomUUID()}`
  refreshTokens.set(refresh, user)
  const site = release === 'eureka' ? 'None' : 'Strict'
  const rest = `Secure; HTTPOnly; SameSite=${site}`
  return json(201, expiration, {
    'set-cookie': [
      `folioAccessToken=${access}; Max-Age=600; Path=/; ${rest}`,
      `folioRefreshToken=${refresh}; Max-Age=604800; Path=/authn; ${rest}`,
    ],
  })
}

/** A refresh token that comes twice may have been stolen: all tokens of the user end. */
function revokeAll(user: string | undefined): void {
  for (const tokens of [accessTokens, refreshTokens]) {
    for (const [token, owner] of tokens) {
      if (owner === user && token !== FIXED_TOKEN) tokens.delete(token)
    }
  }
}

const PERMISSIONS = [
  ['/inventory/items', 'inventory.items.collection.get'],
  ['/holdings-storage/holdings/', 'inventory-storage.holdings.item.get'],
  ['/inventory/instances/', 'inventory.instances.item.get'],
] as const

function refusal({ headers }: Asked, permission: string): FakeAnswer | undefined {
  const inHeader = headers['x-okapi-token']
  const inCookie = cookie(headers.cookie, 'folioAccessToken')
  if (inHeader && inCookie && inHeader !== inCookie) return no(400, 'Multiple tokens')
  const token = String(inHeader ?? inCookie)
  if (token === '') return no(400, `Token missing, access requires permission: ${permission}`)
  const user = refuses ? undefined : accessTokens.get(token)
  if (user === undefined) return no(401, 'Invalid token')
  if (USERS[user]?.permitted) return undefined
  return no(403, `Access for user '${user}' requires permission: ${permission}`)
}

function inventory(url: URL): FakeAnswer {
  const id = decodeURIComponent(url.pathname.split('/')[3] ?? '')
  if (url.pathname.startsWith('/holdings-storage/')) {
    const item = ITEMS.find(({ holdingsRecordId }) => holdingsRecordId === id)
    if (item === undefined || item.instance === 'gone') return no(404, 'Not found')
    return json(200, { id, instanceId: item.instance, callNumber: 'QC355 .D64 1992' })
  }
  if (url.pathname.startsWith('/inventory/instances/')) {
    const instance = INSTANCES[id]
    if (instance === undefined) return no(404, 'Not found')
    return json(200, { ...EMPTY_INSTANCE, id, ...instance })
  }
  const matches = matcher(url.searchParams.get('query') ?? '')
  if (matches === undefined) return no(400, 'CQL parse error')
  const items = ITEMS.filter(({ barcode }) => matches(barcode)).map(
    ({ instance: _, ...item }, n) => ({ id: `item-${n}`, status: { name: 'Available' }, ...item }),
  )
  const limit = Number(url.searchParams.get('limit') ?? 10)
  return json(200, { items: items.slice(0, limit), totalRecords: items.length })
}

/** CQL as far as it is asked here: `barcode==` a term, joined by `or`; `*` and `?` mean any. */
function matcher(cql: string): ((barcode: string) => boolean) | undefined {
  const clause = /^\s*(?:barcode==("(?:[^"\\]|\\.)*"|[^\s"]+)|(cql\.allRecords=1))\s*(or\s|$)/
  let rest = cql
  const patterns: RegExp[] = []
  do {
    const [whole = '', term = '', all] = clause.exec(rest) ?? []
    if (whole === '') return undefined
    patterns.push(all ? /^/ : patternOf(term.replace(/^"(.*)"$/s, '$1')))
    rest = rest.slice(whole.length)
  } while (rest !== '')
  return (barcode) => patterns.some((pattern) => pattern.test(barcode))
}

function patternOf(term: string): RegExp {
  const parts = term.match(/\\.|[^\\]/gs) ?? []
  const source = parts.map((part) => {
    if (part === '*') return '.*'
    if (part === '?') return '.'
    return part.replace(/^\\/, '').replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
  })
  return new RegExp(`^${source.join('')}$`, 'i')
}

function cookie(header: string | string[] | undefined, name: string): string {
  const pairs = String(header ?? '').split(/;\s*/)
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
}

runFake(answer, setState)
