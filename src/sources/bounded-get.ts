import { type Agent, type Dispatcher, request } from 'undici'
import { badAnswer, type Detail, type SourceFault } from './source.ts'

export interface Ask {
  readonly url: URL
  /** A redirect may lead only to a URL that begins so. */
  readonly prefix: string
  /** The media types that we can use. */
  readonly accept: string
  /** The largest body that is read, in bytes. */
  readonly cap: number
}

/** An answer 200 whose body is still to be read, by `read` or `leave`. */
export interface Opened {
  readonly kind: 'opened'
  /** The media type in lower case, without parameters. */
  readonly mime: string
  /** In bytes, if the server said. */
  readonly length: number | undefined
  /** HTTP itself says where the body ends. */
  readonly delimited: boolean
  /** Only a strong one (RFC 9110 section 8.8.1). */
  readonly etag: string | undefined
  /**
   * Reads the body to its end.
   *
   * @returns what was wrong with it, or undefined
   */
  read(onPart: (part: Buffer) => void): Promise<SourceFault | undefined>
  leave(): void
}

export interface Got {
  readonly kind: 'got'
  readonly bytes: Buffer<ArrayBuffer>
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
 * @param signal ends the request and the reading of its body; it counts as a timeout
 */
export async function boundedGet(
  agent: Agent,
  ask: Ask,
  signal: AbortSignal,
): Promise<Opened | SourceFault> {
  const { host } = ask.url
  try {
    const first = openAnswer(await send(agent, ask, signal), ask, signal)
    if (first.kind !== 'redirect') return first
    const url = URL.parse(first.location, ask.url.href)
    if (url === null) return badAnswer('redirect', { host, to: '(not a URL)' })
    if (!url.href.startsWith(ask.prefix)) return badAnswer('redirect', { host, to: url.host })
    const next = { ...ask, url }
    const second = openAnswer(await send(agent, next, signal), next, signal)
    return second.kind === 'redirect'
      ? badAnswer('redirect', { host, to: 'a second redirect' })
      : second
  } catch (error) {
    const detail = { code: codeOf(error), host }
    return { kind: isTimeout(error, signal) ? 'timeout' : 'unreachable', detail }
  }
}

/** The whole body at once. */
export async function readWhole(opened: Opened): Promise<Got | SourceFault> {
  const parts: Buffer[] = []
  const fault = await opened.read((part) => parts.push(part))
  return fault ?? { kind: 'got', bytes: joined(parts) }
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

function openAnswer(
  answer: Answer,
  ask: Ask,
  signal: AbortSignal,
): Opened | Redirect | SourceFault {
  const { statusCode, headers, body } = answer
  const { host } = ask.url
  if (statusCode !== 200) {
    // The error's body is never shown, only read away so that the connection can be used again.
    body.dump({ limit: 65_536 }).catch(() => {})
    return readStatus(answer, host)
  }
  const leave = () => void body.on('error', () => {}).destroy()
  const encoding = text(headers['content-encoding']) ?? 'identity'
  const said = text(headers['content-length'])
  const length = said === undefined ? undefined : Number(said)
  if (encoding !== 'identity') {
    leave()
    return badAnswer('encoding', { encoding, host })
  }
  if (length !== undefined && length > ask.cap) {
    leave()
    return badAnswer('toolarge', { want: length, most: ask.cap, host })
  }
  const etag = text(headers.etag)
  return {
    kind: 'opened',
    mime: (text(headers['content-type']) ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '',
    length,
    delimited: length !== undefined || headers['transfer-encoding'] !== undefined,
    etag: etag?.startsWith('"') ? etag : undefined,
    read: (onPart) => readBody(body, length, ask, signal, onPart),
    leave,
  }
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
  if (status === 204) return badAnswer('type', detail)
  return status === 504 ? { kind: 'timeout', detail } : badAnswer('status', detail)
}

async function readBody(
  body: Answer['body'],
  length: number | undefined,
  { cap, url: { host } }: Ask,
  signal: AbortSignal,
  onPart: (part: Buffer) => void,
): Promise<SourceFault | undefined> {
  let got = 0
  const want: Detail = length === undefined ? {} : { want: length }
  try {
    // By events: reading it as an async iterable takes half as much processor time again.
    await new Promise<void>((resolve, reject) => {
      body.on('data', (part: Buffer) => {
        got += part.length
        if (got <= cap) onPart(part)
        else body.destroy()
      })
      // However it is destroyed, it closes; after its end that says nothing new.
      body.on('end', resolve).on('error', reject).on('close', resolve)
    })
  } catch (error) {
    const code = codeOf(error)
    if (got > cap) return badAnswer('toolarge', { most: cap, host })
    if (isTimeout(error, signal)) return { kind: 'timeout', detail: { code, got, host } }
    return badAnswer('truncated', { got, ...want, code, host })
  }
  const isCut = length === undefined ? !body.readableEnded : got !== length
  return isCut ? badAnswer('truncated', { got, ...want, host }) : undefined
}

/** One buffer of exactly this size: a slice of a larger one would keep all of that in the cache. */
export function joined(parts: readonly Buffer[]): Buffer<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
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
