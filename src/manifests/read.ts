/** Reads a manifest: what it holds and which images, or in words what is wrong with it. */

import { type ImageBases, isUnder, webAddress } from './bases.ts'
import { type FoundImage, imageKey, imageOf, typeOf } from './images.ts'
import { isDeeperThan, isObject, type Json, type JsonObject, list, parseJson } from './json.ts'
import { canvasesOf, partNames } from './names.ts'
import { served } from './structure.ts'
import type { PictureUse, Serving } from './values.ts'

/** Bytes. A larger file is refused. */
export const LARGEST_MANIFEST = 64 * 1024 * 1024
const DEEPEST = 200

/** Pixels a side at which a whole page may be shown. */
export interface ManifestLimits {
  readonly largestView: number
}

export type ManifestReading =
  | { kind: 'valid'; manifest: Manifest }
  /** One or more sentences for staff. */
  | { kind: 'invalid'; reason: string }

export interface Manifest {
  readonly presentation: 2 | 3
  readonly document: JsonObject
  /** Image N is at index N - 1. */
  readonly images: readonly ManifestImage[]
  /** Pages of the book. */
  readonly canvases: number
  /** Names of hosts that a reader is never shown. */
  readonly imageHosts: readonly string[]
}

/** One image, however often and wherever the manifest shows it; pixels, when stated. */
export type ManifestImage = {
  readonly number: number
  /** A service: its URL without trailing slash. Plain: the URL of the image. */
  readonly id: string
  readonly width?: number
  readonly height?: number
} & ({ readonly kind: 'service'; readonly api: 2 | 3 } | { readonly kind: 'plain' })

/**
 * @param bytes the file
 * @returns the manifest, its images numbered from 1 in document order: pages, thumbnails and logos
 *   alike; or the faults in words for staff. Services of Image API 1 count as 2. Never throws on
 *   account of the bytes.
 */
export function readManifest(
  bytes: Uint8Array,
  bases: ImageBases,
  limits: ManifestLimits,
): ManifestReading {
  if (bytes.byteLength > LARGEST_MANIFEST) return invalid(TOO_LARGE)
  const json = parseJson(bytes)
  if (json.kind === 'invalid') return json
  if (isDeeperThan(json.value, DEEPEST)) {
    return invalid(`The manifest nests more than ${DEEPEST} levels deep: no manifest needs that.`)
  }
  if (!isObject(json.value)) return invalid('The file is JSON, but not an object, so no manifest.')
  const document = json.value
  const presentation = versionOf(document)
  if (typeof presentation === 'string') return invalid(presentation)
  const canvases = canvasesOf(document).length
  if (canvases === 0) return invalid('The manifest has no canvases, so there is nothing to read.')
  const { images, faults } = listImages(document, presentation, bases, limits)
  if (faults.length > 0) return invalid(faults.join(' '))
  const imageHosts = [...new Set(bases.map((base) => base.hostname))]
  return { kind: 'valid', manifest: { presentation, document, images, canvases, imageHosts } }
}

const TOO_LARGE = `The manifest is larger than ${LARGEST_MANIFEST / 1024 / 1024} MB.`

function invalid(reason: string): ManifestReading {
  return { kind: 'invalid', reason }
}

/** The version, or what is wrong. Context, type and structure must agree as far as they say it. */
function versionOf(document: JsonObject): 2 | 3 | string {
  const type = list(document['@type'] ?? document.type)[0]
  if (typeOf(document) === 'Collection') {
    return 'This is a collection, not a manifest. Each item needs the manifest of its own book.'
  }
  const contexts = list(document['@context']).filter((one) => typeof one === 'string')
  const named = contexts.flatMap((one) => /iiif\.io\/api\/presentation\/(\d+)/.exec(one)?.[1] ?? [])
  const claims = new Set(named.map(Number))
  if (type === 'sc:Manifest') claims.add(2)
  if (type === 'Manifest') claims.add(3)
  if (document.sequences !== undefined) claims.add(2)
  if (document.items !== undefined) claims.add(3)
  if (claims.has(2) && claims.has(3)) {
    return 'The manifest mixes IIIF Presentation 2 and 3. Its @context, type and structure must be of one version.'
  }
  const [version] = claims
  if (claims.size === 1 && (version === 2 || version === 3)) return version
  return 'The file is not a manifest of IIIF Presentation 2.x or 3.0: its @context names neither.'
}

/** Walks what would be served, so that what is listed here and what is rewritten cannot differ. */
function listImages(
  document: JsonObject,
  presentation: 2 | 3,
  bases: ImageBases,
  limits: ManifestLimits,
): { images: ManifestImage[]; faults: string[] } {
  const images = new Map<string, ManifestImage>()
  const foreign: string[] = []
  const faults: string[] = []
  let painted = 0

  function picture(resource: Json, use: PictureUse): JsonObject | undefined {
    const found = imageOf(resource)
    if (!found || (use !== 'painting' && found.kind === 'plain')) return undefined
    if (!isUnder(found.id, bases)) {
      if (use !== 'logo') foreign.push(found.id)
      return undefined
    }
    if (use === 'painting') painted += 1
    const key = imageKey(found)
    if (images.has(key)) return {}
    const fault = faultOf(found, limits)
    if (fault !== undefined) faults.push(fault)
    images.set(key, listed(found, images.size + 1))
    return {}
  }
  const names = partNames('', document)
  const nothing = { text: () => '', mentions: () => false, mayLink: () => false }
  const to: Serving = { presentation, names, picture, ...nothing }
  served(document, to)
  if (foreign.length > 0) return { images: [], faults: foreignHosts(foreign) }
  if (painted === 0) faults.push('No canvas of the manifest shows an image with a web address.')
  return { images: [...images.values()], faults: faults.slice(0, 3) }
}

function listed(found: FoundImage, number: number): ManifestImage {
  const { id, width, height } = found
  const size = {
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
  }
  return found.kind === 'plain'
    ? { number, kind: 'plain', id, ...size }
    : { number, kind: 'service', id, api: found.api, ...size }
}

function foreignHosts(ids: readonly string[]): string[] {
  const byHost = Map.groupBy(ids, (id) => webAddress(id)?.host ?? '')
  return [...byHost].map(
    ([host, [first = '', ...others]]) =>
      `The image ${first} ${others.length > 0 ? `and ${others.length} others ` : ''}` +
      `at ${host} are under no address of IIIF_BASE_URL: add the address of that image server ` +
      'to IIIF_BASE_URL, or correct the manifest.',
  )
}

function faultOf(image: FoundImage, { largestView }: ManifestLimits): string | undefined {
  const { id, width = 0, height = 0 } = image
  if (image.kind === 'plain' && Math.max(width, height) > largestView) {
    return (
      `The image ${id} has no image service and is ${width} by ${height} pixels, more than ` +
      `LARGEST_VIEW (${largestView}) lets a reader have whole: serve it through an image service.`
    )
  }
  if (image.kind === 'service' && image.level === 0 && image.tile > largestView) {
    return (
      `The image service ${id} is of level 0 with tiles of ${image.tile} pixels, which cannot be cut ` +
      `smaller: set LARGEST_VIEW (${largestView}) to ${image.tile}, or use a server of level 1 or 2.`
    )
  }
  return undefined
}
