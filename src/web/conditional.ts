import type { WebContext } from './context.ts'

/** Has the client this very version (RFC 9110 section 13.1.2)? */
export function isUnchanged(c: WebContext, etag: string): boolean {
  return hasVersion(c.req.header('if-none-match'), etag)
}

/** @param sent the header If-None-Match */
export function hasVersion(sent: string | undefined, etag: string): boolean {
  if (sent === undefined) return false
  if (sent === etag) return true
  const tags = sent.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || sent.trim() === '*'
}

/** A part of a file, by the numbers of its first and its last byte. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/**
 * Which part of a file is asked for (RFC 9110 section 14.2). A list of parts, and what is not
 * understood, may be answered with all of it.
 *
 * @param size of the file in bytes, 1 or more
 */
export function rangeOf(c: WebContext, etag: string, size: number): ByteRange | 'all' | 'outside' {
  const found = /^bytes=(\d*)-(\d*)$/.exec(c.req.header('range')?.trim() ?? '')
  const ifRange = c.req.header('if-range')
  if (c.req.method !== 'GET' || found === null || (ifRange ?? etag) !== etag) return 'all'
  const [from, to] = found.slice(1)
  if (from === '') {
    if (to === '') return 'all'
    const length = Math.min(Number(to), size)
    return length === 0 ? 'outside' : { first: size - length, last: size - 1 }
  }
  const first = Number(from)
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (to !== '' && Number(to) < first) return 'all'
  return first >= size ? 'outside' : { first, last }
}
