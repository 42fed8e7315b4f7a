import type { NoReplyWhy, Reply } from '../outgoing.ts'

/** Why a service does not say whether it has a cover. */
export type CoverTrouble =
  | NoReplyWhy
  /** It does not let us in, or is asked too much (401, 403, 429). */
  | 'refused'
  /** It reports a fault of its own (5xx). */
  | 'fault'
  /** An answer that is none: a web page, half a document, another format. */
  | 'not-understood'

export type CoverAnswer =
  /** What it sent. Nobody has looked at it yet: it may be anything. */
  | { readonly kind: 'found'; readonly bytes: Uint8Array }
  | { readonly kind: 'none' }
  | { readonly kind: 'unreachable'; readonly why: CoverTrouble }

/** A service that has pictures of covers, through one adapter. */
export interface CoverSource {
  /** As people call it. */
  readonly name: string
  /**
   * Never throws for what the service does; always ends within some seconds.
   *
   * @param isbn 13 digits
   */
  ask(isbn: string): Promise<CoverAnswer>
}

export const NONE: CoverAnswer = { kind: 'none' }

export const unreachable = (why: CoverTrouble): CoverAnswer => ({ kind: 'unreachable', why })

/** What a reply means where a picture was asked for: 404 and the like say that there is none. */
export function pictureIn(reply: Reply): CoverAnswer {
  if (reply.kind === 'no-reply') return unreachable(reply.why)
  const { status, bytes } = reply
  if (status === 200) return bytes.length === 0 ? NONE : { kind: 'found', bytes }
  if (status === 204 || status === 404 || status === 410) return NONE
  if (status === 401 || status === 403 || status === 429) return unreachable('refused')
  return unreachable(status >= 500 ? 'fault' : 'not-understood')
}

/** An address under that of a service, as the settings give it, with or without a slash. */
export function under(base: string, path: string): URL {
  return new URL(`${base.replace(/\/+$/, '')}${path}`)
}
