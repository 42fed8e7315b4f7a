/** The manifest that readers get: the same book, with our addresses and no others. */

import { isUnder, parseBases } from './bases.ts'
import { type FoundImage, idOf, imageKey, imageOf } from './images.ts'
import { isObject, type Json, type JsonObject } from './json.ts'
import { partNames } from './names.ts'
import type { Manifest } from './read.ts'
import { served } from './structure.ts'
import { mentionsOf, plainTextWithout } from './text.ts'
import { keep, type PictureUse, type Serving, size, table, words } from './values.ts'

export interface RewriteOptions {
  /** The URL at which readers get the manifest; becomes its id. */
  readonly manifestUrl: string
  /** The address of image N, without trailing slash. */
  readonly imageUrl: (number: number) => string
  /** Pixels a side at which a whole page may be shown. */
  readonly largestView: number
  /** Addresses that links may lead to (`rendering`, `seeAlso`, ...). All other links go. */
  readonly allowedLinks: readonly string[]
}

/**
 * Rewrites by structure: what is not known to be harmless is left out.
 *
 * @returns a new object; `manifest` is not changed. Each image service is image N of
 *   `manifest.images`, at `imageUrl(N)`; references within the manifest still fit.
 */
export function rewriteManifest(manifest: Manifest, options: RewriteOptions): JsonObject {
  const { document, presentation, imageHosts } = manifest
  const allowed = parseBases(options.allowedLinks)
  const to: Serving = {
    presentation,
    names: partNames(options.manifestUrl, document),
    text: plainTextWithout(imageHosts),
    mentions: mentionsOf(imageHosts),
    mayLink: (url) => isUnder(url, allowed),
    picture,
  }
  const numbers = new Map(manifest.images.map((image) => [imageKey(image), image.number]))

  function picture(resource: Json, use: PictureUse): JsonObject | undefined {
    const found = imageOf(resource)
    const number = found && numbers.get(imageKey(found))
    if (!found || number === undefined) return undefined
    if (use !== 'painting' && found.kind === 'plain') return undefined
    const url = options.imageUrl(number)
    const whole = `full/${servedSize(found, resource, options.largestView)}/0/default.jpg`
    return {
      ...ours(presentation, `${url}/${whole}`),
      ...(isObject(resource) ? keep(resource, RESOURCE, to) : {}),
      ...(found.kind === 'service' ? { service: service(found, url, presentation) } : {}),
    }
  }
  return served(document, to)
}

const RESOURCE = table({ width: size, height: size, label: words })

function ours(presentation: 2 | 3, id: string): JsonObject {
  return presentation === 2
    ? { '@id': id, '@type': 'dctypes:Image', format: 'image/jpeg' }
    : { id, type: 'Image', format: 'image/jpeg' }
}

/** No more than who it is and what it can: sizes and tiles are told by our info.json. */
function service(found: FoundImage & { kind: 'service' }, url: string, presentation: 2 | 3): Json {
  const level = `level${found.level ?? 1}`
  const reduced: JsonObject =
    found.api === 3
      ? { id: url, type: 'ImageService3', profile: level }
      : {
          '@context': 'http://iiif.io/api/image/2/context.json',
          '@id': url,
          '@type': 'ImageService2',
          profile: `http://iiif.io/api/image/2/${level}.json`,
        }
  return presentation === 2 ? reduced : [reduced]
}

/**
 * The size, in Image API words, at which a whole image is named: the one that its own URL has when
 * that is small enough; for a service that cannot scale (level 0) the largest one it has; otherwise
 * the largest that a reader may have.
 */
function servedSize(found: FoundImage, resource: Json, largestView: number): string {
  if (found.kind === 'plain') return 'max'
  const asked = /\/full\/(!?(\d+),(\d+))\/0\/\w+\.\w+$/.exec(
    isObject(resource) ? idOf(resource) : '',
  )
  if (asked?.[1] !== undefined && Math.max(Number(asked[2]), Number(asked[3])) <= largestView) {
    return asked[1]
  }
  const fitting = found.sizes.filter(
    ({ width, height }) => found.level === 0 && Math.max(width, height) <= largestView,
  )
  const largest = fitting.toSorted((a, b) => b.width - a.width)[0]
  return largest ? `${largest.width},${largest.height}` : `!${largestView},${largestView}`
}
