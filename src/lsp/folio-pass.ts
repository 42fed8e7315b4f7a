import { parseCookie } from 'undici'
import { z } from 'zod'
import { MINUTE, SECOND } from '../clock.ts'
import type { Reply } from '../outgoing.ts'
import { failureOf, jsonOf, type LspFailure, NOT_UNDERSTOOD } from './replies.ts'

/** What lets a call into FOLIO. */
export interface Pass {
  readonly kind: 'pass'
  readonly headers: Readonly<Record<string, string>>
}

/** @param refused the pass that FOLIO has just answered with 401, if another is wanted for that */
export type Passes = (refused?: Pass) => Promise<Pass | LspFailure>

/** A token that somebody made for us once. */
export function fixedPass(token: string): Passes {
  const pass: Pass = { kind: 'pass', headers: { 'x-okapi-token': token } }
  return async (refused) => (refused === undefined ? pass : { kind: 'not-permitted' })
}

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
 * The passes of an account, in memory only. FOLIO gives two tokens at the login: one that lets
 * calls in for some minutes, and one that gets the next two, once. One change is under way at a
 * time, whoever waits for it; when nothing is left to change with, we log in anew.
 *
 * @see https://github.com/folio-org/mod-login (login-with-expiry, refresh)
 */
export function changingPasses({ user, password, post, monotonic }: Account): Passes {
  let tokens: Tokens | undefined
  let changing: Promise<Pass | LspFailure> | undefined
  let shutOutUntil = 0

  async function change(): Promise<Pass | LspFailure> {
    const got = (await refresh()) ?? (await logIn())
    if (got.kind !== 'tokens') return got
    tokens = got
    return got.pass
  }

  /** @returns undefined when there is no token to refresh with, or it is spent */
  async function refresh(): Promise<Tokens | LspFailure | undefined> {
    if (tokens?.refreshToken === undefined) return undefined
    const cookie = `folioRefreshToken=${tokens.refreshToken}`
    const reply = await post('/authn/refresh', { cookie })
    const got = tokensOf(reply, monotonic())
    if (got.kind !== 'not-permitted' && !isStatus(reply, 404)) return got
    tokens = undefined
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

  return async (refused) => {
    if (tokens && tokens.pass !== refused && monotonic() < tokens.changeAt) return tokens.pass
    changing ??= change().finally(() => {
      changing = undefined
    })
    return changing
  }
}

interface Tokens {
  readonly kind: 'tokens'
  readonly pass: Pass
  readonly refreshToken: string | undefined
  /** By the monotonic clock. */
  readonly changeAt: number
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
    kind: 'tokens',
    pass: { kind: 'pass', headers },
    refreshToken: cookie('folioRefreshToken')?.value,
    changeAt: now + lifeMs - MARGIN_MS,
  }
}

/** By FOLIO's own clock, whatever ours says; a token without an end is used until it is refused. */
function lifeOf({ headers }: Reply & { kind: 'reply' }, expiration = ''): number {
  const lifeMs = Date.parse(expiration) - Date.parse(String(headers.date))
  return Number.isNaN(lifeMs) ? Infinity : lifeMs
}

const isStatus = (reply: Reply, status: number) => reply.kind === 'reply' && reply.status === status
