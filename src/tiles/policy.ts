import { type PixelSize, parseImageRequest } from './image-request.ts'
import type { Resolved } from './resolve.ts'

/** The longest sides, in pixels, that a reader may have. */
export interface Limits {
  /** Of an answer that shows more than half of a page, in width and in height. */
  readonly largestView: number
  /** Of any other answer: a tile. */
  readonly largestTile: number
}

export type Verdict = { readonly kind: 'allowed' } | { readonly kind: 'too-large' }

/**
 * A reader gets tiles and small views, not whole pages. Decided by pixels alone, so that the way
 * in which a region is written makes no difference.
 *
 * @param page the size of the whole image
 */
export function mayHave({ region, size }: Resolved, page: PixelSize, limits: Limits): Verdict {
  const isView = 2 * region.width > page.width && 2 * region.height > page.height
  const longest = isView ? limits.largestView : limits.largestTile
  return fits(size, longest) ? { kind: 'allowed' } : { kind: 'too-large' }
}

/** An image without a service is never cut: it may be had only if it is itself a small view. */
export function mayHaveWhole(image: PixelSize, { largestView }: Limits): Verdict {
  return fits(image, largestView) ? { kind: 'allowed' } : { kind: 'too-large' }
}

/** Nobody reads a page by a picture of it that is no longer than this on either side. */
export const THUMBNAIL = 200

/**
 * Is it a small picture of a whole page, as lists of pages show? Decided by the request alone: one
 * that names only its width or its height is taken at its word.
 *
 * @param segments region, size, rotation and quality.format: path segments, already decoded
 */
export function isThumbnail(segments: readonly string[]): boolean {
  const request = parseImageRequest(segments, 2)
  if (request.kind === 'bad' || request.region.kind !== 'full') return false
  const { width = 0, height = 0 } = { width: undefined, height: undefined, ...request.size }
  return width + height > 0 && fits({ width, height }, THUMBNAIL)
}

function fits({ width, height }: PixelSize, longest: number): boolean {
  return width <= longest && height <= longest
}
