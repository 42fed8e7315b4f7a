/** Recognises an image of a manifest, in every shape that real manifests give it. */

import { webAddress } from './bases.ts'
import { isObject, type Json, type JsonObject, list, objects } from './json.ts'

/** An image as the manifest states it. Sizes are pixels, when stated. */
export type FoundImage = {
  /** The service's URL without trailing slash, or the plain image's URL. */
  readonly id: string
  readonly width?: number
  readonly height?: number
} & ({ readonly kind: 'plain' } | ServiceFacts)

interface ServiceFacts {
  readonly kind: 'service'
  /** Version of the Image API. Version 1 counts as 2. */
  readonly api: 2 | 3
  /** Compliance level, when stated. */
  readonly level?: number
  /** The widest or highest tile stated; 0 when none is. */
  readonly tile: number
  /** Sizes at which the whole image can be had. */
  readonly sizes: readonly Size[]
}
export interface Size {
  readonly width: number
  readonly height: number
}

/**
 * @param resource a body, resource, thumbnail or logo: an object, or the bare URL of an image
 * @returns its image service, else the image itself, else undefined when it has no web address
 */
export function imageOf(resource: Json): FoundImage | undefined {
  if (typeof resource === 'string') return plainImage(resource, {})
  if (!isObject(resource)) return undefined
  const own = idOf(resource)
  for (const service of list(resource.service)) {
    const found = serviceImage(service, own)
    if (found) return found
  }
  return plainImage(own, resource)
}

/** The same image has the same key, whether named by http or https, with or without port 80. */
export function imageKey(image: Pick<FoundImage, 'kind' | 'id'>): string {
  return `${image.kind} ${image.id.replace(/^https?:/, '')}`
}

export function idOf(node: JsonObject): string {
  return text(node.id) || text(node['@id'])
}

export function typeOf(node: JsonObject): string {
  const type = list(node.type ?? node['@type'])[0]
  return text(type).replace(/^(?:sc|oa|cnt|iiif|dctypes|dcterms):/i, '')
}

/** Real manifests give some sizes as text. */
export function pixels(value: Json | undefined): number | undefined {
  if (typeof value !== 'number' && !(typeof value === 'string' && /^\d{1,9}$/.test(value))) {
    return undefined
  }
  return Number(value) > 0 ? Number(value) : undefined
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value.trim() : ''
}

function plainImage(id: string, stated: JsonObject): FoundImage | undefined {
  const url = webAddress(id)
  if (!url) return undefined
  url.hash = ''
  return { kind: 'plain', id: url.href, ...statedSize(stated) }
}

function serviceImage(service: Json, imageUrl: string): FoundImage | undefined {
  const stated = isObject(service) ? service : {}
  const id = isObject(service) ? idOf(service) : text(service)
  const url = webAddress(id)
  if (!url) return undefined
  if (!isMarkedAsImage(stated) && !isRequestTo(id, imageUrl)) return undefined
  url.hash = ''
  const level = /level([012])/.exec(list(stated.profile).map(text).join(' '))?.[1]
  const tiles = objects(stated.tiles).flatMap((tile) => [pixels(tile.width), pixels(tile.height)])
  return {
    kind: 'service',
    id: url.href.replace(/\/+$/, ''),
    api: isVersion3(stated) ? 3 : 2,
    ...(level === undefined ? {} : { level: Number(level) }),
    ...statedSize(stated),
    tile: tiles.reduce<number>((most, side) => Math.max(most, side ?? 0), 0),
    sizes: objects(stated.sizes).flatMap(({ width, height }) => {
      const size = { width: pixels(width) ?? 0, height: pixels(height) ?? 0 }
      return size.width > 0 && size.height > 0 ? [size] : []
    }),
  }
}

function statedSize(stated: JsonObject): { width?: number; height?: number } {
  const [width, height] = [pixels(stated.width), pixels(stated.height)]
  return { ...(width === undefined ? {} : { width }), ...(height === undefined ? {} : { height }) }
}

/** Image API 3.0 5.2 and 2.1 5.2 and 1.1 5: type, context, protocol or profile tell it. */
function isMarkedAsImage(service: JsonObject): boolean {
  if (/^ImageService[123]$/.test(typeOf(service))) return true
  return marks(service).some((mark) =>
    /^https?:\/\/(?:iiif\.io\/api\/image\b|library\.stanford\.edu\/iiif\/image-api\b)|^level[012]$/.test(
      mark,
    ),
  )
}

function isVersion3(service: JsonObject): boolean {
  const type = typeOf(service)
  if (/^ImageService[123]$/.test(type)) return type === 'ImageService3'
  return marks(service).some((mark) => /iiif\.io\/api\/image\/3\b/.test(mark))
}

function marks(service: JsonObject): string[] {
  const { profile, protocol } = service
  return [...list(service['@context']), ...list(profile), ...list(protocol)].map(text)
}

/** A service that does not say what it is must at least be what the image's own URL asks. */
function isRequestTo(service: string, imageUrl: string): boolean {
  const base = `${service.replace(/\/+$/, '')}/`
  if (!imageUrl.startsWith(base)) return false
  return /^[^/]+\/[^/]+\/[^/]+\/(?:default|native|color|gray|bitonal)\.\w+$/.test(
    imageUrl.slice(base.length),
  )
}
