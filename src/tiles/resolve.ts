/** What a request means in the pixels of one image. Section numbers as in image-request.ts. */
import type { ImageApi } from '../sources/source.ts'
import {
  type BadRequest,
  bad,
  type Finish,
  type ImageRequest,
  type PixelSize,
  printFinish,
  type Rect,
  type Region,
  type Size,
} from './image-request.ts'

/** A request for one image: `region` in its pixels, `size` before rotation; `whole`: all of it. */
export interface Resolved extends Finish {
  readonly kind: 'resolved'
  readonly region: Rect
  readonly whole: boolean
  readonly size: PixelSize
}

/**
 * What a request means for one image.
 *
 * @param page the size of the whole image, in pixels
 * @returns a region inside the image and the size of the answer, both at least 1 x 1
 */
export function resolve(request: ImageRequest, page: PixelSize): Resolved | BadRequest {
  const region = clipped(cut(request.region, page), page)
  if (region === undefined) return bad('The region lies outside of the image or is empty.')
  const { width, height } = scale(request.size, region)
  if (width < 1 || height < 1) return bad('The size is zero.')
  const larger = width > region.width || height > region.height
  // 3.0, 4.2: larger than the region needs the caret. 2.1 leaves it to the server: allowed, since
  // viewers ask for thumbnails of a fixed width, and policy.ts bounds the answer anyway.
  if (larger && request.api === 3 && !request.size.upscale) {
    return bad('The size is larger than the region.')
  }
  const whole = region.width === page.width && region.height === page.height
  const { mirrored, rotation, quality, format } = request
  return {
    kind: 'resolved',
    region,
    whole,
    size: { width, height },
    mirrored,
    rotation,
    quality,
    format,
  }
}

/** 4.1; the square is the middle one. */
function cut(region: Region, page: PixelSize): Rect {
  switch (region.kind) {
    case 'full':
      return { x: 0, y: 0, ...page }
    case 'square': {
      const side = Math.min(page.width, page.height)
      const middle = (length: number) => Math.floor((length - side) / 2)
      return { x: middle(page.width), y: middle(page.height), width: side, height: side }
    }
    case 'pixels':
      return region
    case 'percent': {
      const part = (percent: number, length: number) => Math.round((percent * length) / 100)
      return {
        x: part(region.x, page.width),
        y: part(region.y, page.height),
        width: part(region.width, page.width),
        height: part(region.height, page.height),
      }
    }
  }
}

/** 4.1: cropped at the image's edge; empty or wholly outside is an error. */
function clipped(region: Rect, page: PixelSize): Rect | undefined {
  const width = Math.min(region.width, page.width - region.x)
  const height = Math.min(region.height, page.height - region.y)
  return width < 1 || height < 1 ? undefined : { x: region.x, y: region.y, width, height }
}

/** 4.2; a side that follows from the other is rounded, to 1 at least. */
function scale(size: Size, region: Rect): PixelSize {
  const side = (length: number, factor: number) => Math.max(1, Math.round(length * factor))
  switch (size.kind) {
    case 'max':
      return { width: region.width, height: region.height }
    case 'exact':
      return { width: size.width, height: size.height }
    case 'width':
      return {
        width: size.width,
        height: size.width && side(region.height, size.width / region.width),
      }
    case 'height':
      return {
        width: size.height && side(region.width, size.height / region.height),
        height: size.height,
      }
    case 'percent': {
      const of = (length: number) => Math.round((length * size.percent) / 100)
      return { width: of(region.width), height: of(region.height) }
    }
    case 'within': {
      const fit = Math.min(size.width / region.width, size.height / region.height)
      const factor = size.upscale ? fit : Math.min(1, fit)
      return factor === 0
        ? { width: 0, height: 0 }
        : { width: side(region.width, factor), height: side(region.height, factor) }
    }
  }
}

/**
 * The canonical form (4.7): requests for the same pixels have the same one.
 *
 * @returns `region/size/rotation/quality.format` that makes a server of this version answer
 *   exactly the resolved size
 */
export function canonical(resolved: Resolved, api: ImageApi): string {
  const { region, whole } = resolved
  const part = whole ? 'full' : [region.x, region.y, region.width, region.height].join(',')
  return [part, canonicalSize(resolved, api), printFinish(resolved)].join('/')
}

function canonicalSize({ region, whole, size }: Resolved, api: ImageApi): string {
  const unscaled = size.width === region.width && size.height === region.height
  if (whole && unscaled) return api === 2 ? 'full' : 'max'
  if (api === 3) {
    const larger = size.width > region.width || size.height > region.height
    return `${larger ? '^' : ''}${size.width},${size.height}`
  }
  // `w,` where that gives our height. A thin strip says both: some servers round down, to zero.
  const height = (size.width * region.height) / region.width
  return height >= 1 && Math.round(height) === size.height
    ? `${size.width},`
    : `${size.width},${size.height}`
}
