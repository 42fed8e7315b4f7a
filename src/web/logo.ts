import sharp from 'sharp'
import { strongEtag } from '../etag.ts'
import type { Asset } from './asset.ts'

export interface Logo extends Asset {
  /** CSS pixels; there are twice as many in the picture, for fine screens. */
  readonly width: number
  readonly height: number
}

const LARGEST = { width: 320, height: 48 }
const LARGEST_INPUT_PIXELS = 50_000_000

/**
 * Draws the library's logo anew as a small PNG, so that nothing else of its file goes out: no
 * script in an SVG, no place where a photograph was taken.
 *
 * @param file anything that sharp reads: PNG, JPEG, WebP, SVG, ...
 * @throws when it cannot be read, in words that name the setting
 */
export async function readLogo(file: string): Promise<Logo> {
  try {
    const { data, info } = await sharp(file, { limitInputPixels: LARGEST_INPUT_PIXELS })
      .rotate()
      .resize({ width: 2 * LARGEST.width, height: 2 * LARGEST.height, fit: 'inside' })
      .png()
      .toBuffer({ resolveWithObject: true })
    return {
      bytes: Buffer.from(data),
      type: 'image/png',
      etag: strongEtag(data),
      width: Math.ceil(info.width / 2),
      height: Math.ceil(info.height / 2),
    }
  } catch (cause) {
    const why = (cause as Error).message
    throw new Error(`[carrel] LOGO_FILE: ${file} cannot be read as a picture: ${why}`, { cause })
  }
}
