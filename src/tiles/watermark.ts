import { availableParallelism } from 'node:os'
import { LRUCache } from 'lru-cache'
import sharp, { type Sharp } from 'sharp'
import { createQueue } from '../sources/queue.ts'
import { badAnswer, type FoundImage, type ImageType, type SourceFault } from '../sources/source.ts'
import type { PixelSize } from './image-request.ts'
import type { Mark } from './mark.ts'
import { THUMBNAIL } from './policy.ts'

/**
 * Puts the library's mark on an image, before it is kept or sent: small and half transparent, in
 * the lower right corner, of each tile too. Small pictures stay as they are.
 *
 * @param image of a size that a reader may have
 * @returns the same kind of image, without the image server's entity tag. What cannot be marked is
 *   a fault: nobody gets it unmarked
 */
export type Watermark = (image: FoundImage) => Promise<FoundImage | SourceFault>

/** Of the longer side of an image, at least so many pixels (or it could not be read). */
const HEIGHT = { share: 1 / 22, least: 20 }
/** A mark never takes more of a side than this. */
const LARGEST_SHARE = 1 / 2

const TIMEOUT_S = 15
/** So many images may wait for a core; the next is answered `busy`. */
const WAITING = 100

const WRITE: Readonly<Record<ImageType, (pipeline: Sharp) => Sharp>> = {
  'image/jpeg': (pipeline) => pipeline.jpeg({ quality: 85 }),
  'image/png': (pipeline) => pipeline.png(),
  'image/webp': (pipeline) => pipeline.webp({ quality: 85 }),
  'image/gif': (pipeline) => pipeline.gif(),
}

export function watermarkWith(mark: Mark): Watermark {
  const queue = createQueue({ running: availableParallelism(), waiting: WAITING })
  // Tiles at the edges of pages come in many sizes; most others are of one.
  const fitted = new LRUCache<string, Promise<Buffer>>({ max: 64 })

  function inSize({ width, height }: PixelSize): Promise<Buffer> {
    const key = `${width} ${height}`
    const made =
      fitted.get(key) ?? sharp(mark.png).resize({ width, height, fit: 'fill' }).png().toBuffer()
    fitted.set(key, made)
    return made
  }

  async function put({ bytes, type, width, height }: FoundImage): Promise<FoundImage> {
    const size = markSize(mark, { width, height })
    const inset = Math.round(size.height / 4)
    const corner = {
      left: Math.max(0, width - inset - size.width),
      top: Math.max(0, height - inset - size.height),
    }
    const marked = sharp(bytes, { limitInputPixels: width * height })
      .timeout({ seconds: TIMEOUT_S })
      // It may say which way up the image is.
      .keepExif()
      .composite([{ input: await inSize(size), ...corner }])
    const written = await WRITE[type](marked).toBuffer()
    return { kind: 'found', bytes: Buffer.from(written), type, width, height }
  }

  return async (image) => {
    if (Math.max(image.width, image.height) <= THUMBNAIL) return image
    const marking = queue(() => put(image))
    if (marking === undefined) {
      return { kind: 'busy', retryAfterS: 1, detail: { source: 'watermark' } }
    }
    return marking.catch((error: Error) =>
      badAnswer('type', { source: 'watermark', reason: error.message.split('\n', 1)[0] ?? '' }),
    )
  }
}

/** How large the mark is on an image: at least 1 x 1, and no larger than it was drawn. */
function markSize(mark: Mark, image: PixelSize): PixelSize {
  const longest = Math.max(image.width, image.height)
  const wanted = Math.max(HEIGHT.least, longest * HEIGHT.share)
  const scale = Math.min(
    1,
    wanted / mark.height,
    (image.width * LARGEST_SHARE) / mark.width,
    (image.height * LARGEST_SHARE) / mark.height,
  )
  const side = (length: number) => Math.max(1, Math.floor(length * scale))
  return { width: side(mark.width), height: side(mark.height) }
}
