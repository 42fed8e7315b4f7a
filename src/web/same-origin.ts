/**
 * Did this request come from a page of this site? `Origin` must be ours, else `Sec-Fetch-Site` must
 * say so; a request with neither is refused. Asked of every method that may change something.
 *
 * @param origin ours, as the browser sees it: scheme, host and port
 */
export function isFromHere(request: Request, origin: string): boolean {
  const from = request.headers.get('origin')
  if (from !== null) return from === origin
  return request.headers.get('sec-fetch-site') === 'same-origin'
}
