/** One question to an image server, and its answer. */
import type { Agent, Dispatcher } from 'undici'
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

/** An answer 200: its head. */
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
  /** Nobody wants the rest. */
  leave(): void
}

/**
 * Takes one answer 200 in.
 *
 * @returns what takes each part of its body as it comes, and says why no more is wanted, if so
 */
export type Taker = (answer: Opened) => (part: Buffer) => SourceFault | undefined

/** `opened`: all of its body was taken. */
export type Exchanged = Opened | Redirect | SourceFault
export type Redirect = { readonly kind: 'redirect'; readonly location: string }
type Headers = Readonly<Record<string, string | string[] | undefined>>

/** Seconds to wait when a busy server names no time, and the longest wait that we pass on. */
const RETRY_AFTER = { usual: 5, longest: 60 }

const TIMED_OUT = ['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']

/** What is left of an answer of no use is read away, so that its connection can be used again. */
const REST = { bytes: 65_536, ms: 2_000 }

/**
 * Asks once. By undici's own handlers: its streams, and a promise for each part, take as much
 * processor time again as the whole exchange.
 *
 * @param stop ends it; that counts as a timeout
 * @returns the answer when `taker` has had all of its body, or what was wrong; never rejects
 */
export function exchange(
  agent: Agent,
  ask: Ask,
  taker: Taker,
  stop: AbortSignal,
): Promise<Exchanged> {
  const { url, accept, cap } = ask
  const { host } = url
  const { promise, resolve } = Promise.withResolvers<Exchanged>()
  let sending: Dispatcher.DispatchController | undefined
  let opened: Opened | undefined
  let take: ReturnType<Taker> | undefined
  let rest: NodeJS.Timeout | undefined
  let got = 0

  function leave(): void {
    sending?.abort(new Error('left'))
  }
  function refuse(fault: SourceFault | Redirect): void {
    resolve(fault)
    leave()
  }
  function stopped(): void {
    const code = 'UND_ERR_ABORTED'
    refuse({ kind: 'timeout', detail: opened ? { code, got, host } : { code, host } })
  }
  function ended(): void {
    stop.removeEventListener('abort', stopped)
    clearTimeout(rest)
  }

  if (stop.aborted) stopped()
  else stop.addEventListener('abort', stopped)
  // Only these three headers go out: nothing of the patron's request is passed on.
  const headers = { accept, 'accept-encoding': 'identity', 'user-agent': 'Carrel' }
  const { origin, pathname, search } = url
  agent.dispatch(
    { origin, path: pathname + search, method: 'GET', headers },
    {
      onRequestStart(controller) {
        sending = controller
        if (stop.aborted) leave()
      },
      onResponseStart(_, status, answered) {
        // 1xx: the answer itself comes after it.
        if (status < 200) return
        if (status !== 200) {
          resolve(readStatus(status, answered, host))
          rest = setTimeout(leave, REST.ms)
          return
        }
        const head = readHead(answered, leave)
        const fault = headFault(answered, head, ask)
        if (fault !== undefined) return refuse(fault)
        opened = head
        take = taker(head)
      },
      onResponseData(_, part) {
        got += part.length
        if (take === undefined) {
          if (got > REST.bytes) leave()
          return
        }
        const fault = got > cap ? badAnswer('toolarge', { most: cap, host }) : take(part)
        if (fault !== undefined) refuse(fault)
      },
      onResponseEnd() {
        ended()
        // undici has seen that its length, if it has one, is that of its body.
        if (opened !== undefined) resolve(opened)
      },
      onResponseError(_, error) {
        ended()
        const code = codeOf(error)
        const isLate = TIMED_OUT.includes(code)
        if (opened === undefined) {
          resolve({ kind: isLate ? 'timeout' : 'unreachable', detail: { code, host } })
        } else if (isLate) resolve({ kind: 'timeout', detail: { code, got, host } })
        else {
          const want: Detail = opened.length === undefined ? {} : { want: opened.length }
          resolve(badAnswer('truncated', { got, ...want, code, host }))
        }
      },
    },
  )
  return promise
}

function readHead(headers: Headers, leave: () => void): Opened {
  const said = text(headers['content-length'])
  const length = said === undefined ? undefined : Number(said)
  const etag = text(headers.etag)
  return {
    kind: 'opened',
    mime: (text(headers['content-type']) ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '',
    length,
    delimited: length !== undefined || headers['transfer-encoding'] !== undefined,
    etag: etag?.startsWith('"') ? etag : undefined,
    leave,
  }
}

function headFault(headers: Headers, { length }: Opened, { cap, url }: Ask) {
  const { host } = url
  const encoding = text(headers['content-encoding']) ?? 'identity'
  if (encoding !== 'identity') return badAnswer('encoding', { encoding, host })
  if (length !== undefined && length > cap) {
    return badAnswer('toolarge', { want: length, most: cap, host })
  }
  return undefined
}

function readStatus(status: number, headers: Headers, host: string): Redirect | SourceFault {
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
