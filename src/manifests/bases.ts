/** Which addresses images may come from: IIIF_BASE_URL, and Carrel's own local images. */

import { LOCAL_IMAGES } from '../sources/source.ts'

/** An address and everything below it. `host` has the port unless it is the scheme's own. */
export interface Base {
  readonly host: string
  readonly hostname: string
  readonly segments: readonly string[]
}
export type ImageBases = readonly Base[]

/**
 * @param addresses IIIF_BASE_URL: http or https addresses; may be empty
 * @returns these bases and that of the local images
 * @throws Error naming the address that is not one
 */
export function imageBases(addresses: readonly string[]): ImageBases {
  return parseBases([...addresses, LOCAL_IMAGES])
}

/** @throws Error naming the address that is not an http or https one */
export function parseBases(addresses: readonly string[]): readonly Base[] {
  return addresses.map((address) => {
    const url = webAddress(address)
    if (!url) throw new Error(`${address.trim()} is not an http or https address`)
    return { host: url.host, hostname: url.hostname, segments: segments(url) }
  })
}

/** Whether the address lies under a base: same host and port, whole segments, http or https. */
export function isUnder(address: string, bases: readonly Base[]): boolean {
  const url = webAddress(address)
  if (!url || climbs(url)) return false
  const path = segments(url)
  return bases.some(
    (base) => base.host === url.host && base.segments.every((segment, i) => segment === path[i]),
  )
}

/** @returns undefined for what is not an absolute http or https URL, or carries a password */
export function webAddress(text: string): URL | undefined {
  const url = URL.parse(text.trim())
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined
  return url.username === '' && url.password === '' ? url : undefined
}

function segments(url: URL): string[] {
  return url.pathname.split('/').filter((segment) => segment !== '')
}

/** `URL` resolves plain dot segments; a server that decodes `%2F` would resolve these as well. */
function climbs(url: URL): boolean {
  return /(?:^|\/|%2f|%5c)(?:\.|%2e){2}(?:$|\/|%2f|%5c)/i.test(url.pathname)
}
