/**
 * Requests of the IIIF Image API 2.1 and 3.0 as values: pure parse and print.
 * "4.1" and the like are sections of https://iiif.io/api/image/2.1/ and /3.0/, which agree in them.
 */
import type { ImageApi } from '../sources/source.ts'

export interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface PixelSize {
  readonly width: number
  readonly height: number
}

/** 4.1 */
export type Region =
  | { readonly kind: 'full' }
  | { readonly kind: 'square' }
  | (Rect & { readonly kind: 'pixels' | 'percent' })

/** 4.2. `within`: the largest that fits, in proportion. `upscale`: the caret forms of 3.0. */
export type Size = { readonly upscale: boolean } & (
  | { readonly kind: 'max' }
  | { readonly kind: 'width'; readonly width: number }
  | { readonly kind: 'height'; readonly height: number }
  | ({ readonly kind: 'exact' | 'within' } & PixelSize)
  | { readonly kind: 'percent'; readonly percent: number }
)

export type Rotation = 0 | 90 | 180 | 270
export type Quality = 'default' | 'color' | 'gray' | 'bitonal'
export type Format = 'jpg' | 'png' | 'webp' | 'gif'

/** How the pixels are turned and written: 4.3 to 4.5. */
export interface Finish {
  readonly mirrored: boolean
  readonly rotation: Rotation
  readonly quality: Quality
  readonly format: Format
}

export interface ImageRequest extends Finish {
  readonly kind: 'request'
  readonly api: ImageApi
  readonly region: Region
  readonly size: Size
}

/** Not a request that we answer (400). `reason` is for people and repeats nothing that was sent. */
export interface BadRequest {
  readonly kind: 'bad'
  readonly reason: string
}

/** Seven digits hold every image there is, and no product of two of them loses a digit. */
const PIXELS = '(\\d{1,7})'
const PERCENT = '(\\d{1,7}(?:\\.\\d{1,10})?)'
const REGION_PIXELS = new RegExp(`^${PIXELS},${PIXELS},${PIXELS},${PIXELS}$`)
const REGION_PERCENT = new RegExp(`^pct:${PERCENT},${PERCENT},${PERCENT},${PERCENT}$`)
const SIZE_WIDTH = new RegExp(`^${PIXELS},$`)
const SIZE_HEIGHT = new RegExp(`^,${PIXELS}$`)
const SIZE_BOTH = new RegExp(`^(!?)${PIXELS},${PIXELS}$`)
const SIZE_PERCENT = new RegExp(`^pct:${PERCENT}$`)
const ROTATION = /^(!?)(0|90|180|270)$/
const FILE = /^(default|color|gray|bitonal)\.(jpg|png|webp|gif)$/

/**
 * @param segments region, size, rotation and quality.format: path segments, already decoded
 * @param api the version that the image's info.json speaks
 */
export function parseImageRequest(
  segments: readonly string[],
  api: ImageApi,
): ImageRequest | BadRequest {
  const [regionText = '', sizeText = '', rotationText = '', fileText = ''] = segments
  if (segments.length !== 4) return bad('An image request has four parts.')
  const region = parseRegion(regionText)
  if (region === undefined) return bad('The region is not one of the IIIF Image API.')
  const size = parseSize(sizeText, api)
  if (size === undefined) return bad('The size is not one of the IIIF Image API.')
  const turn = ROTATION.exec(rotationText)
  if (turn === null) return bad('Images are turned by 0, 90, 180 or 270 degrees only.')
  const file = FILE.exec(fileText)
  if (file === null) return bad('The quality or the format is not one that is served here.')
  return {
    kind: 'request',
    api,
    region,
    size,
    mirrored: turn[1] === '!',
    rotation: Number(turn[2]) as Rotation,
    quality: file[1] as Quality,
    format: file[2] as Format,
  }
}

function parseRegion(text: string): Region | undefined {
  if (text === 'full' || text === 'square') return { kind: text }
  const kind = text.startsWith('pct:') ? 'percent' : 'pixels'
  const found = (kind === 'percent' ? REGION_PERCENT : REGION_PIXELS).exec(text)
  if (found === null) return undefined
  const [x = 0, y = 0, width = 0, height = 0] = found.slice(1).map(Number)
  return { kind, x, y, width, height }
}

function parseSize(text: string, api: ImageApi): Size | undefined {
  const upscale = api === 3 && text.startsWith('^')
  const form = upscale ? text.slice(1) : text
  if (form === 'max' || (form === 'full' && api === 2)) return { kind: 'max', upscale }
  const width = SIZE_WIDTH.exec(form)
  if (width !== null) return { kind: 'width', width: Number(width[1]), upscale }
  const height = SIZE_HEIGHT.exec(form)
  if (height !== null) return { kind: 'height', height: Number(height[1]), upscale }
  const percent = SIZE_PERCENT.exec(form)
  if (percent !== null) return { kind: 'percent', percent: Number(percent[1]), upscale }
  const both = SIZE_BOTH.exec(form)
  if (both === null) return undefined
  const kind = both[1] === '!' ? 'within' : 'exact'
  return { kind, width: Number(both[2]), height: Number(both[3]), upscale }
}

/** @returns `region/size/rotation/quality.format`, which parses to the same request again */
export function printImageRequest(request: ImageRequest): string {
  return [printRegion(request.region), printSize(request), printFinish(request)].join('/')
}

function printRegion(region: Region): string {
  if (region.kind === 'full' || region.kind === 'square') return region.kind
  const numbers = [region.x, region.y, region.width, region.height].map(printNumber).join(',')
  return region.kind === 'percent' ? `pct:${numbers}` : numbers
}

function printSize({ size, api }: ImageRequest): string {
  const caret = size.upscale ? '^' : ''
  switch (size.kind) {
    case 'max':
      return api === 2 ? 'full' : `${caret}max`
    case 'width':
      return `${caret}${size.width},`
    case 'height':
      return `${caret},${size.height}`
    case 'exact':
      return `${caret}${size.width},${size.height}`
    case 'within':
      return `${caret}!${size.width},${size.height}`
    case 'percent':
      return `${caret}pct:${printNumber(size.percent)}`
  }
}

/** 0.0000001 as it was written, not as 1e-7. */
function printNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(10).replace(/0+$/, '')
}

/** Rotation, quality and format as they stand in a path. */
export function printFinish({ mirrored, rotation, quality, format }: Finish): string {
  return `${mirrored ? '!' : ''}${rotation}/${quality}.${format}`
}

export function bad(reason: string): BadRequest {
  return { kind: 'bad', reason }
}
