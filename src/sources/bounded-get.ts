import type { Agent } from 'undici'
import {
  type Ask,
  type Exchanged,
  exchange,
  type Opened,
  type Redirect,
  type Taker,
} from './exchange.ts'
import { badAnswer, type SourceFault } from './source.ts'

export interface Ends {
  /** The caller's own: it goes away. */
  readonly signal: AbortSignal | undefined
  /** From the question to the last byte, redirects included. */
  readonly wholeMs: number
}

export interface Got {
  readonly kind: 'got'
  readonly bytes: Buffer<ArrayBuffer>
}

/** Codes of a connection that died before its answer began: often it had just idled out. */
const DIED = ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'UND_ERR_SOCKET']

/**
 * One GET that takes nothing on trust: at most `cap` bytes, at most one redirect and only below
 * `prefix`, one more try if the connection died before the answer began.
 *
 * @returns the answer when `taker` has had all of its body, or what was wrong
 */
export async function boundedGet(
  agent: Agent,
  ask: Ask,
  taker: Taker,
  { signal, wholeMs }: Ends,
): Promise<Opened | SourceFault> {
  const stop = new AbortController()
  const end = () => stop.abort()
  const timer = setTimeout(end, wholeMs)
  signal?.addEventListener('abort', end)
  if (signal?.aborted) end()
  try {
    const first = await send(agent, ask, taker, stop.signal)
    if (first.kind !== 'redirect') return first
    const next = follow(first, ask)
    if ('kind' in next) return next
    const second = await send(agent, next, taker, stop.signal)
    return second.kind === 'redirect'
      ? badAnswer('redirect', { host: ask.url.host, to: 'a second redirect' })
      : second
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', end)
  }
}

/** The whole body at once. */
export async function readWhole(
  get: (taker: Taker) => Promise<Opened | SourceFault>,
): Promise<Got | SourceFault> {
  const parts: Buffer[] = []
  const answer = await get(() => (part) => {
    parts.push(part)
    return undefined
  })
  return answer.kind === 'opened' ? { kind: 'got', bytes: joined(parts) } : answer
}

function follow({ location }: Redirect, ask: Ask): Ask | SourceFault {
  const { host } = ask.url
  const url = URL.parse(location, ask.url.href)
  if (url === null) return badAnswer('redirect', { host, to: '(not a URL)' })
  if (!url.href.startsWith(ask.prefix)) return badAnswer('redirect', { host, to: url.host })
  return { ...ask, url }
}

async function send(agent: Agent, ask: Ask, taker: Taker, stop: AbortSignal): Promise<Exchanged> {
  const first = await exchange(agent, ask, taker, stop)
  const isDead = first.kind === 'unreachable' && DIED.includes(String(first.detail.code))
  return isDead && !stop.aborted ? exchange(agent, ask, taker, stop) : first
}

/** One buffer of exactly this size: a slice of a larger one would keep all of that in the cache. */
export function joined(parts: readonly Buffer[]): Buffer<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const whole = Buffer.allocUnsafeSlow(length)
  let at = 0
  for (const part of parts) at += part.copy(whole, at)
  return whole
}
