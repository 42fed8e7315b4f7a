import { parseCookie } from 'undici'
import { z } from 'zod'
import { MINUTE, SECOND } from '../clock.ts'
import type { Reply } from '../outgoing.ts'
import { type Lease, leasedPasses, type Pass, type Passes } from './pass.ts'
import { failureOf, jsonOf, type LspFailure, NOT_UNDERSTOOD } from './replies.ts'

export interface Account {
  readonly user: string
  readonly password: string
  /** Puts a question to a path of FOLIO, tenant included. */
  readonly post: (path: string, headers: Pass['headers'], body?: string) => Promise<Reply>
  /** Milliseconds on a clock that nobody sets. */
  readonly monotonic: () => number
}

/** Changed when less than this is left of it, so that no call is on its way when it ends. */
const MARGIN_MS = MINUTE
/** FOLIO locks an account after some wrong passwords: a refused one is not tried again at once. */
const SHUT_OUT_MS = 5 * MINUTE

/**
 * The passes of an account. FOLIO gives two tokens at the login: one that lets calls in for some
 * minutes, and one that gets the next two, once. When nothing is left to change with, we log in
 * anew.
 *
 * @see https://github.com/folio-org/mod-login (login-with-expiry, refresh)
 */
export function changingPasses({ user, password, post, monotonic }: Account): Passes {
  let refreshToken: string | undefined
  let shutOutUntil = 0

  async function change(): Promise<Tokens | LspFailure> {
    const got = (await refresh()) ?? (await logIn())
    if (got.kind === 'lease') refreshToken = got.refreshToken
    return got
  }

  /** @returns undefined when there is no token to refresh with, or it is spent */
  async function refresh(): Promise<Tokens | LspFailure | undefined> {
    if (refreshToken === undefined) return undefined
    const reply = await post('/authn/refresh', { cookie: `folioRefreshToken=${refreshToken}` })
    const got = tokensOf(reply, monotonic())
    if (got.kind !== 'not-permitted' && !isStatus(reply, 404)) return got
    refreshToken = undefined
    return undefined
  }

  async function logIn(): Promise<Tokens | LspFailure> {
    if (monotonic() < shutOutUntil) return { kind: 'not-permitted' }
    const json = { 'content-type': 'application/json' }
    const body = JSON.stringify({ username: user, password })
    let reply = await post('/authn/login-with-expiry', json, body)
    // Older releases know only the login whose token never ends; newer ones no longer have it.
    if (isStatus(reply, 404)) reply = await post('/authn/login', json, body)
    const got = tokensOf(reply, monotonic())
    if (got.kind === 'not-permitted') shutOutUntil = monotonic() + SHUT_OUT_MS
    return got
  }

  return leasedPasses(change, monotonic)
}

interface Tokens extends Lease {
  readonly refreshToken: string | undefined
}

const LOGIN = z
  .object({
    accessToken: z.string().optional(),
    okapiToken: z.string().optional(),
    accessTokenExpiration: z.string().optional(),
  })
  .catch({})

/** The tokens of a login or a refresh: in cookies, or in older and newest releases in the body. */
function tokensOf(reply: Reply, now: number): Tokens | LspFailure {
  const failure = failureOf(reply)
  if (failure !== undefined || reply.kind === 'no-reply') return failure ?? NOT_UNDERSTOOD
  if (reply.status === 404) return NOT_UNDERSTOOD
  // 422: no such user, or a wrong password; 400: no such tenant; both: a spent token.
  if (reply.status >= 400) return { kind: 'not-permitted' }
  const cookies = [reply.headers['set-cookie'] ?? []].flat().map((line) => parseCookie(line))
  const cookie = (name: string) => cookies.find((one) => one?.name === name)
  const body = LOGIN.parse(jsonOf(reply))
  const access = cookie('folioAccessToken')
  const token = [reply.headers['x-okapi-token'] ?? []].flat()[0]
  const bare = body.accessToken ?? body.okapiToken ?? token
  if (access === undefined && bare === undefined) return NOT_UNDERSTOOD
  const headers = access
    ? { cookie: `folioAccessToken=${access.value}` }
    : { 'x-okapi-token': bare ?? '' }
  const lifeMs = access?.maxAge ? access.maxAge * SECOND : lifeOf(reply, body.accessTokenExpiration)
  return {
    kind: 'lease',
    pass: { kind: 'pass', headers },
    refreshToken: cookie('folioRefreshToken')?.value,
    useUntil: now + lifeMs - MARGIN_MS,
  }
}

/** By FOLIO's own clock, whatever ours says; a token without an end is used until it is refused. */
function lifeOf({ headers }: Reply & { kind: 'reply' }, expiration = ''): number {
  const lifeMs = Date.parse(expiration) - Date.parse(String(headers.date))
  return Number.isNaN(lifeMs) ? Infinity : lifeMs
}

const isStatus = (reply: Reply, status: number) => reply.kind === 'reply' && reply.status === status
