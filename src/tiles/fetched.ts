/** What comes from the sources, kept in bounded caches: info.json as we read it, and images. */
import { SECOND } from '../clock.ts'
import { strongEtag } from '../etag.ts'
import type { Log } from '../log.ts'
import type { Flow } from '../sources/flow.ts'
import {
  badAnswer,
  type FoundImage,
  type ImageType,
  LOCAL_IMAGES,
  type Source,
  type SourceFault,
  type SourceImage,
} from '../sources/source.ts'
import { createCache } from './cache.ts'
import type { PixelSize } from './image-request.ts'
import { type Info, readInfo } from './info.ts'
import { type FaultAnswer, faultReports } from './upstream.ts'

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

/**
 * An image of the right type and size that is still coming, to be passed on meanwhile. It has an
 * `etag` only if the image server gave one: what the bytes are is not known yet.
 */
export interface ComingImage {
  readonly kind: 'coming-image'
  readonly flow: Flow
  readonly type: ImageType
  readonly etag: string | undefined
}

/** `too-large`: more than a reader may have. */
export type ImageAnswer = ServedImage | ComingImage | FaultAnswer | { readonly kind: 'too-large' }

/** Both reject with the reason of `signal` once that has fired. */
export interface Fetched {
  info(key: ImageKey, signal?: AbortSignal): Promise<Info | FaultAnswer>
  image(wanted: Wanted, signal?: AbortSignal): Promise<ImageAnswer>
  /** The images that are kept now. */
  held(): Held
  /** The image if it is kept, by its canonical path; fetches nothing. */
  hit(key: ImageKey, path: string): ServedImage | undefined
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
  /** Milliseconds on a clock that nobody sets. */
  readonly monotonic: () => number
}

/** Of the bytes for images. No tile can be served without its info.json, which has 2 KB at most. */
const INFO_SHARE = 1 / 32
const LEAST_INFO_BYTES = 8 * 1024 * 1024

/** An image that is missing is asked for again after this time: it may have been added. */
const MISSING_MS = 10 * SECOND

export function fetchedFrom(options: FetchedOptions): Fetched {
  const { local, remote, cacheBytes, cacheImages, log, monotonic } = options
  const keepMs = ({ kind }: { kind: string }) => (kind === 'no-such-image' ? MISSING_MS : undefined)
  const infos = createCache<Info | FaultAnswer>({
    bytes: Math.max(LEAST_INFO_BYTES, cacheBytes * INFO_SHARE),
    weigh: (info) => {
      if (info.kind === 'read') return 2 * JSON.stringify(info).length
      return info.kind === 'no-such-image' ? 0 : undefined
    },
    keepMs,
    monotonic,
  })
  const images = createCache<ImageAnswer>({
    bytes: cacheBytes,
    count: cacheImages,
    weigh: (answer) => {
      if (answer.kind === 'image') return answer.bytes.length
      return answer.kind === 'too-large' || answer.kind === 'no-such-image' ? 0 : undefined
    },
    keepMs,
    monotonic,
  })
  const sourceOf = ({ id }: SourceImage) => (id.startsWith(LOCAL_IMAGES) ? local : remote)
  const answerTo = faultReports(log, monotonic)
  const report = (fault: SourceFault, { barcode, image }: ImageKey) =>
    answerTo(fault, { barcode, image: image.number })

  async function loadInfo(key: ImageKey, signal: AbortSignal): Promise<Info | FaultAnswer> {
    const answer = await sourceOf(key.image).info(key.image, signal)
    if (answer.kind !== 'found') return report(answer, key)
    const info = readInfo(answer.document, key.image.kind === 'service' ? key.image.api : 3)
    return info.kind === 'read' ? info : report(badAnswer('info', { reason: info.reason }), key)
  }

  async function loadImage(
    wanted: Wanted,
    signal: AbortSignal,
    early: (answer: ImageAnswer) => void,
  ): Promise<ImageAnswer> {
    const { key, path } = wanted
    const answer = await sourceOf(key.image).pixels(key.image, path, signal)
    if (answer.kind !== 'found' && answer.kind !== 'coming') return report(answer, key)
    const { width, height, type } = answer
    if (!wanted.isAllowed({ width, height })) {
      if (answer.kind === 'coming') answer.leave()
      if (key.image.kind === 'plain') return { kind: 'too-large' }
      // A server that answers larger than it was asked to must not open the gate.
      return report(badAnswer('toolarge', { path, width, height, host: hostOf(key) }), key)
    }
    if (answer.kind === 'found') return served(answer, wanted)
    early({ kind: 'coming-image', flow: answer.flow, type, etag: etagOf(answer, wanted) })
    const whole = await answer.whole
    return whole.kind === 'found' ? served(whole, wanted) : report(whole, key)
  }

  return {
    info: (key, signal) =>
      infos.get(cacheKey(key, 'info.json'), (noneWaits) => loadInfo(key, noneWaits), signal),
    image: (wanted, signal) =>
      images.get(
        cacheKey(wanted.key, wanted.path),
        (noneWaits, early) => loadImage(wanted, noneWaits, early),
        signal,
      ),
    held: () => ({ bytes: images.bytes, images: images.count }),
    hit(key, path) {
      const answer = images.hit(cacheKey(key, path))
      return answer?.kind === 'image' ? answer : undefined
    },
    kept: ({ key, path }) => images.peek(cacheKey(key, path)),
    report,
  }
}

function cacheKey({ barcode, version, image }: ImageKey, path: string): string {
  return [barcode, version, image.number, path].join('\n')
}

function served(image: FoundImage, wanted: Wanted): ServedImage {
  const { bytes, type } = image
  return { kind: 'image', bytes, type, etag: etagOf(image, wanted) ?? strongEtag(bytes) }
}

/**
 * The image server's own entity tag, which is strong, made ours: it says nothing of that server,
 * and it spares the hashing of every tile.
 */
function etagOf({ etag }: { etag?: string | undefined }, { key, path }: Wanted) {
  return etag && strongEtag(Buffer.from([key.image.id, path, etag].join('\n')))
}

function hostOf({ image }: ImageKey): string {
  return URL.parse(image.id)?.host ?? ''
}
