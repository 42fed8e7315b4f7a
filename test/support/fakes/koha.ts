import { randomUUID } from 'node:crypto'
import { marcXml } from '../marc.ts'
import { BIBLIOS, ITEMS, MARCS, UNIMARC } from './koha-data.ts'
import { type Asked, type FakeAnswer, runFake } from './run.ts'

/**
 * A Koha with both ways in: two users and the API clients of the same two, of whom `reader` may not
 * see the catalogue. Its states are set as faults are: `expire` ends every token now,
 * `expire-after-items` ends them once, when the next items have been told, `refuse` believes no
 * token, `short` gives tokens of 30 s, `no-oauth` and `no-basic` switch a way in off, `contains`
 * leaves `_match` out of account, `gone` has lost the records, `no-marc` has them in columns only, `unimarc` has them in UNIMARC,
 * `maintenance` is Koha's own 503; any
 * other name makes it the usual Koha again.
 */
const USERS: Readonly<Record<string, { password: string; permitted: boolean }>> = {
  carrel: { password: 'correct:horse', permitted: true },
  reader: { password: 'correct:horse', permitted: false },
}
const CLIENTS: Readonly<Record<string, { secret: string; user: string }>> = {
  'client-of-carrel': { secret: 'client secret & more', user: 'carrel' },
  'client-of-reader': { secret: 'client secret & more', user: 'reader' },
}

let state = ''
const tokens = new Map<string, string>()

function setState(name: string): void {
  if (name === 'expire') tokens.clear()
  else state = name
}

const json = (status: number, value: unknown): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json;charset=UTF-8' },
  body: JSON.stringify(value),
})

function answer(asked: Asked, url: URL): FakeAnswer {
  const { pathname } = url
  if (state === 'maintenance') return json(503, { error: 'System is under maintenance.' })
  if (pathname === '/api/v1/oauth/token' && asked.method === 'POST') return grant(asked)
  if (pathname === '/api/v1/items') return authenticated(asked) ?? items(url)
  const [, biblioId] = /^\/api\/v1\/biblios\/(\d+)$/.exec(pathname) ?? []
  if (biblioId !== undefined) return authenticated(asked) ?? biblio(biblioId, asked)
  return json(404, { errors: [{ message: 'Not Found.', path: '/' }], status: 404 })
}

function grant({ headers, body }: Asked): FakeAnswer {
  if (headers['content-type'] !== 'application/x-www-form-urlencoded') {
    return json(400, { errors: [{ message: 'Missing property.', path: '/grant_type' }] })
  }
  const {
    grant_type,
    client_id = '',
    client_secret,
  } = Object.fromEntries(new URLSearchParams(body))
  if (grant_type !== 'client_credentials' || state === 'no-oauth') {
    return json(400, { error: 'Unimplemented grant type' })
  }
  const client = CLIENTS[client_id]
  if (client === undefined || client.secret !== client_secret) {
    return json(403, { error: 'unauthorized_client' })
  }
  const access_token = `token-${randomUUID()}`
  if (state !== 'refuse') tokens.set(access_token, client.user)
  const expires_in = state === 'short' ? 30 : 3600
  return json(200, { access_token, expires_in, token_type: 'Bearer' })
}

/** @returns a refusal, or undefined for somebody who may see the catalogue */
function authenticated({ headers }: Asked): FakeAnswer | undefined {
  const [type, credentials = ''] = (headers.authorization as string | undefined)?.split(' ') ?? []
  if (type === 'Basic' && state === 'no-basic') {
    return json(401, { error: 'Basic authentication disabled' })
  }
  const user = type === 'Bearer' ? tokens.get(credentials) : userOfBasic(credentials)
  if (user === undefined) return json(401, { error: 'Authentication failure.' })
  if (USERS[user]?.permitted) return undefined
  return json(403, {
    error: 'Authorization failure. Missing required permission(s).',
    required_permissions: { catalogue: '1' },
  })
}

function userOfBasic(credentials: string): string | undefined {
  const [user = '', ...password] = Buffer.from(credentials, 'base64').toString().split(':')
  return USERS[user]?.password === password.join(':') ? user : undefined
}

const KNOWN = ['external_id', '_match', '_order_by', '_page', '_per_page', 'q']

function items({ searchParams }: URL): FakeAnswer {
  const malformed = [...searchParams.keys()].filter((name) => !KNOWN.includes(name))
  if (malformed.length > 0) {
    const message = 'Malformed query string'
    return json(
      400,
      malformed.map((name) => ({ path: `/query/${name}`, message })),
    )
  }
  const text = searchParams.get('external_id') ?? ''
  const exact = searchParams.get('_match') === 'exact' && state !== 'contains'
  const found = ITEMS.filter(({ external_id }) =>
    exact ? collated(external_id) === collated(text) : like(text).test(external_id ?? ''),
  )
  if (state === 'expire-after-items') {
    tokens.clear()
    state = ''
  }
  return json(200, found.slice(0, Number(searchParams.get('_per_page') ?? 20)))
}

/** As utf8mb4_unicode_ci compares: without case, accents, and spaces at the end. */
const collated = (text: string | null) =>
  text?.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trimEnd()

/** SQL: `like '%text%'`. */
function like(text: string): RegExp {
  const pattern = text
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.')
  return new RegExp(pattern, 'i')
}

function biblio(id: string, { headers }: Asked): FakeAnswer {
  if (headers.accept === 'application/marcxml+xml') {
    const marc = state === 'no-marc' ? undefined : (state === 'unimarc' ? UNIMARC : MARCS)[id]
    if (marc === undefined) return json(404, { error: 'Bibliographic record not found' })
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n${marcXml(marc)}`
    return { headers: { 'content-type': 'application/marcxml+xml;charset=UTF-8' }, body }
  }
  if (headers.accept !== 'application/json') {
    return json(406, ['application/json', 'application/marcxml+xml', 'application/marc-in-json'])
  }
  const record = state === 'gone' ? undefined : BIBLIOS[id]
  return record ? json(200, record) : json(404, { error: 'Bibliographic record not found' })
}

runFake(answer, setState)
