import type { z } from 'zod'
import type { Reply } from '../outgoing.ts'
import type { LspAnswer, LspRecord } from './lsp.ts'

/** An answer of the platform that has nothing to do with the item asked for. */
export type LspFailure = Extract<LspAnswer, { kind: 'not-permitted' | 'unreachable' }>

/** Seconds to wait when a busy platform names no time, and the longest wait that we keep to. */
const RETRY_AFTER = { usual: 30, longest: 600 }

export const NOT_UNDERSTOOD: LspFailure = { kind: 'unreachable', why: 'not-understood' }

/** @returns what a reply says of the platform itself; undefined when it is about the item */
export function failureOf(reply: Reply): LspFailure | undefined {
  if (reply.kind === 'no-reply') {
    const { why, code } = reply
    return { kind: 'unreachable', why, ...(code !== undefined && { code }) }
  }
  const { status } = reply
  if (status === 401 || status === 403) return { kind: 'not-permitted' }
  if (status === 429 || status === 503) {
    return { kind: 'unreachable', why: 'busy', retryAfterS: retryAfterS(reply) }
  }
  return status >= 500 ? { kind: 'unreachable', why: 'fault' } : undefined
}

/** @returns the parsed body, or undefined when it is not JSON (a sign-in page with status 200) */
export function jsonOf(reply: Reply): unknown {
  if (reply.kind === 'no-reply') return undefined
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(reply.bytes))
  } catch {
    return undefined
  }
}

export type Told<Shape> =
  | { readonly kind: 'told'; readonly value: Shape }
  /** There is nothing at this address (404). */
  | { readonly kind: 'gone' }

/** @returns what a reply in JSON tells, when it has this shape */
export function toldBy<Shape>(reply: Reply, shape: z.ZodType<Shape>): Told<Shape> | LspFailure {
  const failure = failureOf(reply)
  if (failure !== undefined || reply.kind === 'no-reply') return failure ?? NOT_UNDERSTOOD
  if (reply.status === 404) return { kind: 'gone' }
  const told = shape.safeParse(reply.status === 200 ? jsonOf(reply) : undefined)
  return told.success ? { kind: 'told', value: told.data } : NOT_UNDERSTOOD
}

/** For an address that is always there: without it, this is not the platform. */
export function surely<Shape>(told: Told<Shape> | LspFailure) {
  return told.kind === 'gone' ? NOT_UNDERSTOOD : told
}

/** What an item must have: without them nobody knows what is lent. */
const NEEDED = ['title', 'author', 'year'] as const

const EMPTY: LspRecord = {
  itemId: '',
  itemPage: '',
  title: '',
  author: '',
  publisher: '',
  edition: '',
  year: '',
  isbnIssn: '',
}

/** @returns that the item is found, or what its record lacks */
export function answerWith(told: Partial<LspRecord>): LspAnswer {
  const record = { ...EMPTY, ...told }
  const fields = NEEDED.filter((field) => record[field] === '')
  return fields.length === 0 ? { kind: 'found', record } : { kind: 'incomplete', fields, record }
}

/** Retry-After in seconds; its other form, a date, is rare here and gets the usual wait. */
function retryAfterS({ headers }: Extract<Reply, { kind: 'reply' }>): number {
  const header = headers['retry-after']
  if (typeof header !== 'string' || !/^\d{1,9}$/.test(header)) return RETRY_AFTER.usual
  return Math.min(Math.max(Number(header), 1), RETRY_AFTER.longest)
}
