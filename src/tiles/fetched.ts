/** What comes from the sources, kept in bounded caches: info.json as we read it, and images. */
import sharp from 'sharp'
import { strongEtag } from '../etag.ts'
import type { Log } from '../log.ts'
import {
  badAnswer,
  type ImageType,
  LOCAL_IMAGES,
  type Source,
  type SourceFault,
  type SourceImage,
} from '../sources/source.ts'
import { createCache } from './cache.ts'
import type { PixelSize } from './image-request.ts'
import { type Info, readInfo } from './info.ts'
import { type FaultAnswer, reportFault } from './upstream.ts'

/** One image of an item. `version` is of its manifest: in another, 7 may mean another image. */
export interface ImageKey {
  readonly barcode: string
  readonly version: string
  readonly image: SourceImage & { readonly number: number }
}

/** An image, ready to be sent. `etag`: strong, with its quotation marks. */
export interface ServedImage {
  readonly kind: 'image'
  readonly bytes: Buffer<ArrayBuffer>
  readonly type: ImageType
  readonly etag: string
}

/** `too-large`: more than a reader may have. */
export type ImageAnswer = ServedImage | FaultAnswer | { readonly kind: 'too-large' }

/** Both reject with the reason of `signal` once that has fired. */
export interface Fetched {
  info(key: ImageKey, signal?: AbortSignal): Promise<Info | FaultAnswer>
  image(wanted: Wanted, signal?: AbortSignal): Promise<ImageAnswer>
  /** The images that are kept now. */
  held(): Held
  /** The image as far as it is kept; fetches nothing. */
  kept(wanted: Wanted): ImageAnswer | undefined
  /** One line of the log, and the answer for the reader. */
  report(fault: SourceFault, key: ImageKey): FaultAnswer
}

export interface Wanted {
  readonly key: ImageKey
  /** Canonical, so that the same pixels are fetched and kept once. */
  readonly path: string
  /** Whether the image that came has a size that a reader may have. */
  isAllowed(size: PixelSize): boolean
}

export interface Held {
  readonly bytes: number
  readonly images: number
}

export interface FetchedOptions {
  readonly local: Source
  readonly remote: Source
  /** For all images kept, together. */
  readonly cacheBytes: number
  /** At most so many images are kept, if given. */
  readonly cacheImages?: number | undefined
  readonly log: Log
}

const INFO_CACHE_BYTES = 8 * 1024 * 1024

export function fetchedFrom(options: FetchedOptions): Fetched {
  const { local, remote, cacheBytes, cacheImages, log } = options
  const infos = createCache<Info | FaultAnswer>({
    bytes: INFO_CACHE_BYTES,
    weigh: (info) => (info.kind === 'read' ? 2 * JSON.stringify(info).length : undefined),
  })
  const images = createCache<ImageAnswer>({
    bytes: cacheBytes,
    count: cacheImages,
    weigh: (answer) => {
      if (answer.kind === 'image') return answer.bytes.length
      return answer.kind === 'too-large' ? 0 : undefined
    },
  })
  const sourceOf = ({ id }: SourceImage) => (id.startsWith(LOCAL_IMAGES) ? local : remote)
  const report = (fault: SourceFault, { barcode, image }: ImageKey) =>
    reportFault(fault, log, { barcode, image: image.number })

  async function loadInfo(key: ImageKey, signal: AbortSignal): Promise<Info | FaultAnswer> {
    const answer = await sourceOf(key.image).info(key.image, signal)
    if (answer.kind !== 'found') return report(answer, key)
    const info = readInfo(answer.document, key.image.kind === 'service' ? key.image.api : 3)
    return info.kind === 'read' ? info : report(badAnswer('info', { reason: info.reason }), key)
  }

  async function loadImage(wanted: Wanted, signal: AbortSignal): Promise<ImageAnswer> {
    const { key, path } = wanted
    const answer = await sourceOf(key.image).pixels(key.image, path, signal)
    if (answer.kind !== 'found') return report(answer, key)
    const { bytes, type } = answer
    const size = await measure(bytes)
    if (size === undefined) return report(badAnswer('type', { reason: 'not readable', path }), key)
    if (wanted.isAllowed(size)) return { kind: 'image', bytes, type, etag: strongEtag(bytes) }
    if (key.image.kind === 'plain') return { kind: 'too-large' }
    // A server that answers larger than it was asked to must not open the gate.
    return report(badAnswer('toolarge', { path, ...size }), key)
  }

  return {
    info: (key, signal) =>
      infos.get(cacheKey(key, 'info.json'), (noneWaits) => loadInfo(key, noneWaits), signal),
    image: (wanted, signal) =>
      images.get(
        cacheKey(wanted.key, wanted.path),
        (noneWaits) => loadImage(wanted, noneWaits),
        signal,
      ),
    held: () => ({ bytes: images.bytes, images: images.count }),
    kept: ({ key, path }) => images.peek(cacheKey(key, path)),
    report,
  }
}

function cacheKey({ barcode, version, image }: ImageKey, path: string): string {
  return [barcode, version, image.number, path].join('\n')
}

/** @returns the size that the image's own header gives, or undefined if there is none to be read */
async function measure(bytes: Buffer): Promise<PixelSize | undefined> {
  try {
    const { width, height } = await sharp(bytes).metadata()
    return { width, height }
  } catch {
    return undefined
  }
}
