/**
 * May this request target be looked at further? Front servers, URL parsers and routers each read
 * odd paths in their own way; here they are refused before anybody reads them: dot segments,
 * empty segments, backslashes, control characters, percent signs that survive one decoding, bytes
 * that are not UTF-8.
 *
 * @param target as it came over the wire: path and query, undecoded (RFC 9112 section 3.2.1), or
 *   the absolute form (section 3.2.2), whose host is ignored
 */
export function isPlainTarget(target: string): boolean {
  const path = target.replace(/^https?:\/\/[^/]*/i, '').replace(/[?#].*$/s, '')
  if (!path.startsWith('/')) return false
  if (path === '/') return true
  return path.slice(1).replace(/\/$/, '').split('/').every(isPlainSegment)
}

function isPlainSegment(segment: string): boolean {
  let decoded: string
  try {
    decoded = decodeURIComponent(segment)
  } catch {
    return false
  }
  if (decoded === '' || decoded === '.' || decoded === '..') return false
  return !/[\p{Cc}/\\]|%[0-9a-f]{2}/iu.test(decoded)
}
