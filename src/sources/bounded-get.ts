import { type Agent, type Dispatcher, request } from 'undici'
import { badAnswer, type SourceFault } from './source.ts'

export interface Ask {
  readonly url: URL
  /** A redirect may lead only to a URL that begins so. */
  readonly prefix: string
  /** The media types that we can use. */
  readonly accept: string
  /** The largest body that is read, in bytes. */
  readonly cap: number
}

/** `mime` is lower case, without parameters. `delimited`: HTTP itself says where the body ends. */
export interface Got {
  readonly kind: 'got'
  readonly bytes: Buffer<ArrayBuffer>
  readonly mime: string
  readonly delimited: boolean
}

type Answer = Dispatcher.ResponseData
type Redirect = { readonly kind: 'redirect'; readonly location: string }

/** Seconds to wait when a busy server names no time, and the longest wait that we pass on. */
const RETRY_AFTER = { usual: 5, longest: 60 }

/** Codes of a connection that died before its answer began: often it had just idled out. */
const DIED = ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'UND_ERR_SOCKET']

const TIMED_OUT = ['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']

/**
 * One GET that takes nothing on trust: at most `cap` bytes, at most one redirect and only below
 * `prefix`, one more try if the connection died before the answer began.
 *
 * @param signal ends the request; it counts as a timeout
 * @returns a whole body of an answer 200, or what was wrong
 */
export async function boundedGet(
  agent: Agent,
  ask: Ask,
  signal: AbortSignal,
): Promise<Got | SourceFault> {
  const { host } = ask.url
  try {
    const first = await readAnswer(await send(agent, ask, signal), ask, signal)
    if (first.kind !== 'redirect') return first
    const url = URL.parse(first.location, ask.url.href)
    if (url === null) return badAnswer('redirect', { host, to: '(not a URL)' })
    if (!url.href.startsWith(ask.prefix)) return badAnswer('redirect', { host, to: url.host })
    const next = { ...ask, url }
    const second = await readAnswer(await send(agent, next, signal), next, signal)
    return second.kind === 'redirect'
      ? badAnswer('redirect', { host, to: 'a second redirect' })
      : second
  } catch (error) {
    const detail = { code: codeOf(error), host }
    return { kind: isTimeout(error, signal) ? 'timeout' : 'unreachable', detail }
  }
}

/** Only these three headers go out: nothing of the patron's request is passed on. */
async function send(agent: Agent, ask: Ask, signal: AbortSignal): Promise<Answer> {
  const headers = { accept: ask.accept, 'accept-encoding': 'identity', 'user-agent': 'Carrel' }
  const once = () => request(ask.url, { dispatcher: agent, signal, headers })
  try {
    return await once()
  } catch (error) {
    if (signal.aborted || !DIED.includes(codeOf(error))) throw error
    return once()
  }
}

async function readAnswer(
  answer: Answer,
  ask: Ask,
  signal: AbortSignal,
): Promise<Got | Redirect | SourceFault> {
  const { statusCode, headers, body } = answer
  const { host } = ask.url
  if (statusCode !== 200) {
    // The error's body is never shown, only read away so that the connection can be used again.
    body.dump({ limit: 65_536 }).catch(() => {})
    return readStatus(answer, host)
  }
  const encoding = text(headers['content-encoding']) ?? 'identity'
  const length = Number(text(headers['content-length']) ?? Number.NaN)
  const fault =
    encoding !== 'identity'
      ? badAnswer('encoding', { encoding, host })
      : length > ask.cap
        ? badAnswer('toolarge', { want: length, most: ask.cap, host })
        : undefined
  if (fault !== undefined) {
    body.on('error', () => {}).destroy()
    return fault
  }
  const bytes = await readBody(body, length, ask, signal)
  if ('kind' in bytes) return bytes
  const mime = (text(headers['content-type']) ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const delimited = !Number.isNaN(length) || headers['transfer-encoding'] !== undefined
  return { kind: 'got', bytes, mime, delimited }
}

function readStatus({ statusCode: status, headers }: Answer, host: string): Redirect | SourceFault {
  const detail = { status, host }
  const location = text(headers.location)
  if ([301, 302, 303, 307, 308].includes(status) && location) return { kind: 'redirect', location }
  if (status === 404 || status === 410) return { kind: 'not-found', detail }
  // 501: "the server received a valid IIIF request that is not implemented" (Image API 2.1, 7.2).
  if (status === 400 || status === 501) return { kind: 'refused-request', detail }
  if (status === 401 || status === 403) return { kind: 'denied', detail }
  if (status === 429 || status === 503) {
    return { kind: 'busy', retryAfterS: retryAfterS(text(headers['retry-after'])), detail }
  }
  return status === 504 ? { kind: 'timeout', detail } : badAnswer('status', detail)
}

/** @param length in bytes, NaN when the server did not say */
async function readBody(
  body: Answer['body'],
  length: number,
  ask: Ask,
  signal: AbortSignal,
): Promise<Buffer<ArrayBuffer> | SourceFault> {
  const { host } = ask.url
  const parts: Buffer[] = []
  let got = 0
  try {
    // Leaving the loop early destroys the body, and with it the connection.
    for await (const part of body as AsyncIterable<Buffer>) {
      got += part.length
      if (got > ask.cap) return badAnswer('toolarge', { most: ask.cap, host })
      parts.push(part)
    }
  } catch (error) {
    if (isTimeout(error, signal)) throw error
    return badAnswer('truncated', { got, want: length, code: codeOf(error), host })
  }
  if (!Number.isNaN(length) && got !== length)
    return badAnswer('truncated', { got, want: length, host })
  return joined(parts, got)
}

/** One buffer of exactly this size: a slice of a larger one would keep all of that in the cache. */
function joined(parts: readonly Buffer[], length: number): Buffer<ArrayBuffer> {
  const whole = Buffer.allocUnsafeSlow(length)
  let at = 0
  for (const part of parts) at += part.copy(whole, at)
  return whole
}

function isTimeout(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted || TIMED_OUT.includes(codeOf(error))
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'unknown'
}

function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header
}

/** Retry-After in seconds; its other form, a date, is rare here and gets the usual wait. */
function retryAfterS(header: string | undefined): number {
  if (header === undefined || !/^\d{1,9}$/.test(header)) return RETRY_AFTER.usual
  return Math.min(Math.max(Number(header), 1), RETRY_AFTER.longest)
}
