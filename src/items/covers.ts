import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { writeNew, writeWhole } from '../durable.ts'
import type { Barcode } from '../ids.ts'

export type CoverReading =
  | {
      readonly kind: 'cover'
      readonly jpeg: Uint8Array
      /** Of the new picture, in pixels. */
      readonly width: number
      readonly height: number
    }
  /** A sentence for a form. */
  | { readonly kind: 'bad'; readonly why: string }

/** A file of a cover must be smaller than this. */
export const LARGEST_COVER_BYTES = 5_000_000
const LARGEST_PIXELS = 50e6
/** What pages show is far smaller; this leaves room for sharp screens. */
const BOX = { width: 600, height: 900 }

const bad = (why: string): CoverReading => ({ kind: 'bad', why })

/** Where an item's cover lies, as DIBS names it. */
export function coverPath(thumbnailsDir: string, barcode: Barcode): string {
  return join(thumbnailsDir, `${barcode}.jpg`)
}

/** The file of the item's cover and a validator for it, or undefined when it has none. */
export async function coverFile(
  thumbnailsDir: string,
  barcode: Barcode,
): Promise<{ path: string; etag: string } | undefined> {
  const path = coverPath(thumbnailsDir, barcode)
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile()) return undefined
  return { path, etag: `"${found.mtimeMs.toString(36)}-${found.size.toString(36)}"` }
}

/**
 * Makes a cover of a picture that came from outside: JPEG, PNG or WebP by its first bytes, drawn
 * anew as a JPEG of at most 600 x 900 pixels, upright, without metadata.
 */
export async function readCover(bytes: Uint8Array): Promise<CoverReading> {
  if (bytes.length >= LARGEST_COVER_BYTES) return bad('The cover must be smaller than 5 MB.')
  if (!isPicture(bytes)) return bad('The cover must be a JPEG, PNG or WebP picture.')
  try {
    const picture = sharp(bytes, { limitInputPixels: LARGEST_PIXELS, failOn: 'warning' })
    // The size is read from the head of the file, before anything is unpacked.
    const { width, height } = await sharp(bytes, { limitInputPixels: false }).metadata()
    if (width * height > LARGEST_PIXELS) {
      return bad(
        `The cover has ${width} x ${height} pixels; it may have 50 million. Make it smaller first.`,
      )
    }
    const { data, info } = await picture
      .autoOrient()
      .resize({ ...BOX, fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#fff' })
      .jpeg({ quality: 85 })
      .toBuffer({ resolveWithObject: true })
    return { kind: 'cover', jpeg: data, width: info.width, height: info.height }
  } catch {
    return bad('The picture of the cover is damaged. Choose another file.')
  }
}

/** Puts the cover in its place, whole or not at all. */
export async function writeCover(
  thumbnailsDir: string,
  barcode: Barcode,
  jpeg: Uint8Array,
): Promise<void> {
  await mkdir(thumbnailsDir, { recursive: true })
  await writeWhole(coverPath(thumbnailsDir, barcode), jpeg)
}

/**
 * Puts a cover in its place that nobody chose: never over one that is there, which somebody may
 * have put there in the meantime.
 *
 * @param isStillWanted asked at the last moment
 * @returns false when it is not in its place
 */
export async function writeFoundCover(
  thumbnailsDir: string,
  barcode: Barcode,
  jpeg: Uint8Array,
  isStillWanted: () => boolean,
): Promise<boolean> {
  await mkdir(thumbnailsDir, { recursive: true })
  return writeNew(coverPath(thumbnailsDir, barcode), jpeg, isStillWanted)
}

/** Once deleted, deleting it again changes nothing. */
export async function deleteCover(thumbnailsDir: string, barcode: Barcode): Promise<void> {
  await rm(coverPath(thumbnailsDir, barcode), { force: true })
}

/** What the first bytes prove. SVG is text and has none; other formats never reach the decoder. */
function isPicture(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 12)).toString('latin1')
  return (
    head.startsWith('\xff\xd8\xff') ||
    head.startsWith('\x89PNG\r\n\x1a\n') ||
    (head.startsWith('RIFF') && head.endsWith('WEBP'))
  )
}
