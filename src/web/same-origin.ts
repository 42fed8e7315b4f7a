/** Methods that change nothing (RFC 9110 section 9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Did this request come from a page of this site? Asked of every method that may change something:
 * `Origin` must be ours, else `Sec-Fetch-Site` must say so; a request with neither is refused.
 *
 * @param origin ours, as the browser sees it: scheme, host and port
 */
export function isFromHere(request: Request, origin: string): boolean {
  if (SAFE.has(request.method)) return true
  const from = request.headers.get('origin')
  if (from !== null) return from === origin
  return request.headers.get('sec-fetch-site') === 'same-origin'
}
