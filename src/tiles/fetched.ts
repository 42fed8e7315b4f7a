/** What comes from the sources, kept in bounded caches: info.json as we read it, and images. */
import { SECOND } from '../clock.ts'
import { strongEtag } from '../etag.ts'
import type { Log } from '../log.ts'
import type { Flow } from '../sources/flow.ts'
import { sizeOf } from '../sources/image-size.ts'
import { typeOf } from '../sources/image-type.ts'
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
import type { DiskCache } from './disk/cache.ts'
import type { PixelSize } from './image-request.ts'
import { type Info, readInfo } from './info.ts'
import { type FaultAnswer, faultReports } from './upstream.ts'
import type { Watermark } from './watermark.ts'

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
  /** Where images are looked for that are not in memory, if the library wants it. */
  readonly disk?: DiskCache | undefined
  /** Put on every image before it is kept, if the library wants one. */
  readonly watermark?: Watermark | undefined
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
  const { local, remote, cacheBytes, cacheImages, disk, watermark, log, monotonic } = options
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
    const api = key.image.kind === 'service' ? key.image.api : 3
    const onDisk = await disk?.get(diskKey(key, 'info.json'))
    if (onDisk !== undefined) {
      const known = readInfo(JSON.parse(Buffer.from(onDisk.bytes).toString()), api)
      if (known.kind === 'read') return known
    }
    const answer = await sourceOf(key.image).info(key.image, signal)
    if (answer.kind !== 'found') return report(answer, key)
    const info = readInfo(answer.document, api)
    if (info.kind !== 'read') return report(badAnswer('info', { reason: info.reason }), key)
    disk?.put(diskKey(key, 'info.json'), {
      bytes: Buffer.from(JSON.stringify(answer.document)),
      etag: '',
    })
    return info
  }

  /** What was kept on disk, if a reader may still have it. */
  async function imageOnDisk({ key, path, isAllowed }: Wanted): Promise<ServedImage | undefined> {
    const kept = await disk?.get(diskKey(key, path))
    if (kept === undefined) return undefined
    const { buffer, byteOffset, byteLength } = kept.bytes
    const bytes = Buffer.from(buffer, byteOffset, byteLength)
    const type = typeOf(bytes)
    const size = type && sizeOf(bytes, type)
    if (type === undefined || size === undefined || !isAllowed(size)) return undefined
    return { kind: 'image', bytes, type, etag: kept.etag }
  }

  async function loadImage(
    wanted: Wanted,
    signal: AbortSignal,
    early: (answer: ImageAnswer) => void,
  ): Promise<ImageAnswer> {
    const { key, path } = wanted
    const onDisk = await imageOnDisk(wanted)
    if (onDisk !== undefined) return onDisk
    const answer = await sourceOf(key.image).pixels(key.image, path, signal)
    if (answer.kind !== 'found' && answer.kind !== 'coming') return report(answer, key)
    const { width, height, type } = answer
    if (!wanted.isAllowed({ width, height })) {
      if (answer.kind === 'coming') answer.leave()
      if (key.image.kind === 'plain') return { kind: 'too-large' }
      // A server that answers larger than it was asked to must not open the gate.
      return report(badAnswer('toolarge', { path, width, height, host: hostOf(key) }), key)
    }
    if (answer.kind === 'coming' && watermark === undefined) {
      early({ kind: 'coming-image', flow: answer.flow, type, etag: etagOf(answer, wanted) })
    }
    const whole = answer.kind === 'coming' ? await answer.whole : answer
    const ours = watermark && whole.kind === 'found' ? await watermark(whole) : whole
    if (ours.kind !== 'found') return report(ours, key)
    const image = served(ours, wanted)
    disk?.put(diskKey(key, path), image)
    return image
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

/**
 * What is on disk outlives this Carrel: should another one number the images of the same manifest
 * otherwise, the image's own address still tells them apart.
 */
function diskKey(key: ImageKey, path: string): string {
  return [cacheKey(key, path), key.image.id].join('\n')
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
