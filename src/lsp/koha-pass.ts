import { z } from 'zod'
import { MINUTE, SECOND } from '../clock.ts'
import type { Reply } from '../outgoing.ts'
import { failureOf, jsonOf, type LspFailure, NOT_UNDERSTOOD } from './replies.ts'

/** What lets a call into Koha. */
export interface Pass {
  readonly kind: 'pass'
  readonly authorization: string
}

/** @param refused the pass that Koha has just answered with 401, if another is wanted for that */
export type Passes = (refused?: Pass) => Promise<Pass | LspFailure>

/**
 * A Koha user with a password, where Koha allows Basic authentication (RESTBasicAuth).
 *
 * @see RFC 7617, section 2
 */
export function basicPass(user: string, password: string): Passes {
  const credentials = Buffer.from(`${user}:${password}`).toString('base64')
  const pass: Pass = { kind: 'pass', authorization: `Basic ${credentials}` }
  return async (refused) => (refused === undefined ? pass : { kind: 'not-permitted' })
}

export interface Client {
  readonly id: string
  readonly secret: string
  /** Puts a form to Koha's token endpoint. */
  readonly post: (form: string) => Promise<Reply>
  /** Milliseconds on a clock that nobody sets. */
  readonly monotonic: () => number
}

/** A token is left alone when less than this is left of it: no call is on its way when it ends. */
const MARGIN_MS = MINUTE

/**
 * The tokens of an API client, one after the other, in memory only. One is fetched at a time,
 * whoever waits for it. Koha gives no refresh tokens.
 *
 * @see RFC 6749, section 4.4 (client credentials grant)
 */
export function clientPasses({ id, secret, post, monotonic }: Client): Passes {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: id,
    client_secret: secret,
  }).toString()
  let held: Token | undefined
  let fetching: Promise<Pass | LspFailure> | undefined

  async function fetchToken(): Promise<Pass | LspFailure> {
    const asked = monotonic()
    const got = tokenOf(await post(form), asked)
    if (got.kind !== 'token') return got
    held = got
    return got.pass
  }

  return async (refused) => {
    if (held && held.pass !== refused && monotonic() < held.useUntil) return held.pass
    fetching ??= fetchToken().finally(() => {
      fetching = undefined
    })
    return fetching
  }
}

interface Token {
  readonly kind: 'token'
  readonly pass: Pass
  /** By the monotonic clock. */
  readonly useUntil: number
}

/** A token that does not say when it ends is used until it is refused. */
const GRANT = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  expires_in: z.number().positive().catch(Infinity),
})
const REFUSED = z.object({ error: z.string() })

/** @param asked when the token was asked for: its life may have begun then */
function tokenOf(reply: Reply, asked: number): Token | LspFailure {
  const failure = failureOf(reply)
  if (failure !== undefined || reply.kind === 'no-reply') return failure ?? NOT_UNDERSTOOD
  const told = jsonOf(reply)
  // "Unimplemented grant type": RESTOAuth2ClientCredentials is off. 403 is an unknown client.
  if (reply.status === 400 && REFUSED.safeParse(told).success) return { kind: 'not-permitted' }
  const grant = GRANT.safeParse(reply.status === 200 ? told : undefined)
  if (!grant.success) return NOT_UNDERSTOOD
  const lifeMs = grant.data.expires_in * SECOND
  return {
    kind: 'token',
    pass: { kind: 'pass', authorization: `Bearer ${grant.data.access_token}` },
    useUntil: asked + Math.max(lifeMs - MARGIN_MS, lifeMs / 2),
  }
}
