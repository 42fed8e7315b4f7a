import { z } from 'zod'
import { MINUTE, SECOND } from '../clock.ts'
import type { Reply } from '../outgoing.ts'
import { fixedPass, type Lease, leasedPasses, type Passes } from './pass.ts'
import { failureOf, jsonOf, type LspFailure, NOT_UNDERSTOOD } from './replies.ts'

/**
 * A Koha user with a password, where Koha allows Basic authentication (RESTBasicAuth).
 *
 * @see RFC 7617, section 2
 */
export function basicPass(user: string, password: string): Passes {
  const credentials = Buffer.from(`${user}:${password}`).toString('base64')
  return fixedPass({ authorization: `Basic ${credentials}` })
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
 * The tokens of an API client. Koha gives no refresh tokens.
 *
 * @see RFC 6749, section 4.4 (client credentials grant)
 */
export function clientPasses({ id, secret, post, monotonic }: Client): Passes {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: id,
    client_secret: secret,
  }).toString()

  return leasedPasses(async () => {
    const asked = monotonic()
    return leaseOf(await post(form), asked)
  }, monotonic)
}

/** A token that does not say when it ends is used until it is refused. */
const GRANT = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  expires_in: z.number().positive().catch(Infinity),
})
const REFUSED = z.object({ error: z.string() })

/** @param asked when the token was asked for: its life may have begun then */
function leaseOf(reply: Reply, asked: number): Lease | LspFailure {
  const failure = failureOf(reply)
  if (failure !== undefined || reply.kind === 'no-reply') return failure ?? NOT_UNDERSTOOD
  const told = jsonOf(reply)
  // "Unimplemented grant type": RESTOAuth2ClientCredentials is off. 403 is an unknown client.
  if (reply.status === 400 && REFUSED.safeParse(told).success) return { kind: 'not-permitted' }
  const grant = GRANT.safeParse(reply.status === 200 ? told : undefined)
  if (!grant.success) return NOT_UNDERSTOOD
  const lifeMs = grant.data.expires_in * SECOND
  return {
    kind: 'lease',
    pass: { kind: 'pass', headers: { authorization: `Bearer ${grant.data.access_token}` } },
    useUntil: asked + Math.max(lifeMs - MARGIN_MS, lifeMs / 2),
  }
}
