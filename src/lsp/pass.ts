import type { Reply } from '../outgoing.ts'
import type { LspFailure } from './replies.ts'

/** What lets a call into a platform. */
export interface Pass {
  readonly kind: 'pass'
  readonly headers: Readonly<Record<string, string>>
}

/** @param refused the pass just answered with 401, if another is wanted for that */
export type Passes = (refused?: Pass) => Promise<Pass | LspFailure>

/** A pass that somebody made for us once: there is no other. */
export function fixedPass(headers: Pass['headers']): Passes {
  const pass: Pass = { kind: 'pass', headers }
  return async (refused) => (refused === undefined ? pass : { kind: 'not-permitted' })
}

/** A pass that ends. */
export interface Lease {
  readonly kind: 'lease'
  readonly pass: Pass
  /** By the monotonic clock. */
  readonly useUntil: number
}

/**
 * Passes that end, one after the other, in memory only. One is fetched at a time, whoever waits
 * for it.
 *
 * @param fetchLease gets the next one
 * @param monotonic milliseconds on a clock that nobody sets
 */
export function leasedPasses(
  fetchLease: () => Promise<Lease | LspFailure>,
  monotonic: () => number,
): Passes {
  let held: Lease | undefined
  let fetching: Promise<Pass | LspFailure> | undefined

  async function next(): Promise<Pass | LspFailure> {
    const got = await fetchLease()
    if (got.kind === 'unreachable') return got
    held = got.kind === 'lease' ? got : undefined
    return got.kind === 'lease' ? got.pass : got
  }

  return async (refused) => {
    if (held && held.pass !== refused && monotonic() < held.useUntil) return held.pass
    fetching ??= next().finally(() => {
      fetching = undefined
    })
    return fetching
  }
}

/** Puts one question, and reads the reply; when its pass is refused, once more with another. */
export async function askWith<Told>(
  passes: Passes,
  put: (pass: Pass['headers']) => Promise<Reply>,
  read: (reply: Reply) => Told,
): Promise<Told | LspFailure> {
  const pass = await passes()
  if (pass.kind !== 'pass') return pass
  const reply = await put(pass.headers)
  if (reply.kind === 'no-reply' || reply.status !== 401) return read(reply)
  const other = await passes(pass)
  return other.kind === 'pass' ? read(await put(other.headers)) : other
}
