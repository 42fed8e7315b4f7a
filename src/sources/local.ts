import { availableParallelism } from 'node:os'
import { IIIFError, Versions } from 'iiif-processor'
import { LRUCache } from 'lru-cache'
import sharp, { type Sharp } from 'sharp'
import { type ImageFile, openImageFile } from './image-file.ts'
import { createQueue } from './queue.ts'
import {
  badAnswer,
  type ImageApi,
  type ImageType,
  type PixelsAnswer,
  type Source,
  type SourceFault,
  type SourceImage,
} from './source.ts'

export interface LocalOptions extends Partial<Bounds> {
  readonly imagesDir: string
}

interface Bounds {
  /** So many requests may wait for a core; the next is answered `busy`. */
  readonly waiting: number
  /** For one image, whole seconds. */
  readonly timeoutS: number
  /** The largest image that is opened: a bomb is refused before it is unpacked. */
  readonly largestPixels: number
  /** The longest side of an answer. (The library's own limit would scale down in silence.) */
  readonly largestSide: number
}

const USUAL: Bounds = { waiting: 100, timeoutS: 15, largestPixels: 500e6, largestSide: 4096 }

/** Formats, and how sharp writes them: type can be read at 85, and more only costs bytes. */
const FORMATS: Readonly<Record<string, { type: ImageType; write(pipeline: Sharp): Sharp }>> = {
  jpg: { type: 'image/jpeg', write: (pipeline) => pipeline.jpeg({ quality: 85 }) },
  png: { type: 'image/png', write: (pipeline) => pipeline.png() },
  webp: { type: 'image/webp', write: (pipeline) => pipeline.webp({ quality: 85 }) },
  gif: { type: 'image/gif', write: (pipeline) => pipeline.gif() },
}

const NOT_FOUND: SourceFault = { kind: 'not-found', detail: { source: 'local' } }

/**
 * Image files of this machine: `LOCAL_IMAGES` + BARCODE/VERSION/NAME is the pyramid
 * `imagesDir/BARCODE/VERSION/NAME.tif`. iiif-processor reads the request; sharp opens the file by
 * its path, because the library's own way, the whole file as a stream for every tile, takes 1.4
 * times as long with files of 1.4 MB and nearly 3 times with 5 MB.
 *
 * A file must stay as it is once it has been asked for: another scan gets another VERSION.
 */
export function localSource(options: LocalOptions): Source {
  const set = { ...USUAL, ...options }
  const queue = createQueue({ running: availableParallelism(), waiting: set.waiting })
  const files = new LRUCache<string, ImageFile>({ max: 10_000 })

  async function open(id: string): Promise<ImageFile | undefined> {
    const file = files.get(id) ?? (await openImageFile(set.imagesDir, id, set.largestPixels))
    if (file !== undefined) files.set(id, file)
    return file
  }

  /** One place for all work on files, so that no burst of requests takes more than the cores. */
  async function queued<T>(
    image: SourceImage,
    work: (file: ImageFile, api: ImageApi) => Promise<T> | T,
    signal: AbortSignal | undefined,
  ): Promise<T | SourceFault> {
    if (image.kind === 'plain') return NOT_FOUND
    const working = queue(async () => {
      signal?.throwIfAborted()
      const file = await open(image.id)
      return file === undefined ? NOT_FOUND : work(file, image.api)
    })
    if (working === undefined) return { kind: 'busy', retryAfterS: 1, detail: { source: 'local' } }
    return working.catch((error: unknown) => {
      signal?.throwIfAborted()
      return faultOf(error)
    })
  }

  return {
    info: (image, signal) => queued(image, (file, api) => describe(image.id, api, file), signal),
    pixels: (image, path, signal) =>
      queued(image, (file, api) => draw(file, api, path, set), signal),
  }
}

function describe(id: string, api: ImageApi, { levels }: ImageFile) {
  const [{ width, height }] = levels
  const document = Versions[api].infoDoc({ id, width, height, sizes: [...levels] })
  return { kind: 'found' as const, document }
}

async function draw(
  file: ImageFile,
  api: ImageApi,
  path: string,
  set: Bounds,
): Promise<PixelsAnswer> {
  const { region, size, rotation, quality, format } = calculate(file, api, path)
  const output = FORMATS[format.type]
  if (output === undefined || Math.max(size.width, size.height) > set.largestSide) {
    return { kind: 'refused-request', detail: { source: 'local', path } }
  }
  const level = levelFor(file, region, size)
  const pipeline = sharp(file.path, { page: level.page, limitInputPixels: set.largestPixels })
    .timeout({ seconds: set.timeoutS })
    .extract(level.region)
    .resize({ ...size, fit: 'fill' })
  if (rotation.flop) pipeline.flop()
  if (rotation.degree > 0) pipeline.rotate(rotation.degree)
  if (quality === 'gray') pipeline.grayscale()
  if (quality === 'bitonal') pipeline.threshold()
  const { data, info } = await output.write(pipeline).toBuffer({ resolveWithObject: true })
  const { width, height } = info
  return { kind: 'found', bytes: alone(data), type: output.type, width, height }
}

/** The library's reading of a canonical path. @throws IIIFError for what is not one */
function calculate({ levels }: ImageFile, api: ImageApi, path: string) {
  const [region = '', size = '', rotation = '', file = ''] = path.split('/')
  const [quality = '', format = ''] = file.split('.')
  const calculator = new Versions[api].Calculator({ ...levels[0] }).region(region)
  const cut = calculator.info().region
  return calculator
    .size(withHeight(size, cut))
    .rotation(rotation)
    .quality(quality)
    .format(format)
    .info()
}

/** The library rounds the height of `w,` down, to 0 for a thin strip: we round, to 1 at least. */
function withHeight(size: string, cut: { width: number; height: number }): string {
  if (!/^\d+,$/.test(size)) return size
  const width = Number.parseInt(size, 10)
  return `${width},${Math.max(1, Math.round((width * cut.height) / cut.width))}`
}

interface Box {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** The smallest level that is still no smaller than what is asked for, and the region there. */
function levelFor({ levels }: ImageFile, region: Box, size: { width: number; height: number }) {
  const [full] = levels
  const fits = ({ width, height }: { width: number; height: number }) =>
    Math.ceil((region.width * width) / full.width) >= size.width &&
    Math.ceil((region.height * height) / full.height) >= size.height
  const page = Math.max(0, levels.findLastIndex(fits))
  const { width, height } = levels[page] ?? full
  const [left, right] = scaled(region.left, region.width, width, full.width)
  const [top, bottom] = scaled(region.top, region.height, height, full.height)
  return { page, region: { left, top, width: right - left, height: bottom - top } }
}

/** From `start` to start + `length` of a side of `full`, on the level where it is `side` long. */
function scaled(start: number, length: number, side: number, full: number): [number, number] {
  const from = Math.min(Math.round((start * side) / full), side - 1)
  return [from, Math.min(side, Math.max(from + 1, Math.round(((start + length) * side) / full)))]
}

/** A copy if need be: a slice of a larger buffer would keep all of that in the cache. */
function alone(bytes: Buffer): Buffer<ArrayBuffer> {
  const { buffer } = bytes
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length)
    return Buffer.from(buffer)
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(copy)
  return copy
}

function faultOf(error: unknown): SourceFault {
  const reason = error instanceof Error ? error.message.split('\n', 1)[0] : undefined
  const detail = { source: 'local', reason: reason ?? 'unknown' }
  if (error instanceof IIIFError) return { kind: 'refused-request', detail }
  if (detail.reason.startsWith('timeout:')) return { kind: 'timeout', detail }
  if (detail.reason.startsWith('Input file is missing')) return { kind: 'not-found', detail }
  return badAnswer('type', detail)
}
