/**
 * The path of a request target, split at its slashes and each segment decoded once. Front servers,
 * URL parsers and routers each read odd paths in their own way; here they are refused before
 * anybody reads them: dot segments, empty segments, backslashes, control characters, fragments,
 * percent signs that survive one decoding, bytes that are not UTF-8.
 *
 * @param target as it came over the wire: path and query, undecoded (RFC 9112 section 3.2.1), or
 *   the absolute form (section 3.2.2), whose host is ignored
 * @returns undefined when the target is to be refused
 */
export function pathSegments(target: string): string[] | undefined {
  const path = pathOf(target)
  if (!path.startsWith('/') || path.includes('#')) return undefined
  if (path === '/') return []
  const segments = path.slice(1).replace(/\/$/, '').split('/').map(decodeSegment)
  return segments.every((segment) => segment !== undefined) ? segments : undefined
}

/** The path of a request target, as it came: undecoded, without the query. */
export function pathOf(target: string): string {
  return originForm(target).replace(/\?.*$/s, '')
}

/** A request target from its path on, as it came. */
export function originForm(target: string): string {
  return target.replace(/^https?:\/\/[^/?#\\]+/i, '')
}

function decodeSegment(segment: string): string | undefined {
  try {
    const decoded = decodeURIComponent(segment)
    const isOdd = ['', '.', '..'].includes(decoded) || /[\p{Cc}/\\]|%[0-9a-f]{2}/iu.test(decoded)
    return isOdd ? undefined : decoded
  } catch {
    return undefined
  }
}
