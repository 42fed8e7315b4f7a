import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { draftOf } from '../durable.ts'
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

/**
 * Saves an item together with its new cover: the cover is on the disk before, and gets its name
 * after. A full disk is so met before anything is saved.
 *
 * @param jpeg undefined: the cover stays as it is
 * @param save says why the item was not saved, or undefined; then the cover stays as it is too
 * @returns what `save` said; `cover-not-saved` when the item is saved and its cover is not
 */
export async function saveWithCover<Refusal>(
  { thumbnailsDir, barcode, jpeg }: NewCover,
  save: () => Promise<Refusal | undefined>,
): Promise<Refusal | CoverNotSaved | undefined> {
  if (jpeg === undefined) return save()
  await mkdir(thumbnailsDir, { recursive: true })
  const cover = await draftOf(coverPath(thumbnailsDir, barcode), jpeg)
  let refusal: Refusal | undefined
  try {
    refusal = await save()
  } catch (cause) {
    await cover.drop()
    throw cause
  }
  if (refusal !== undefined) {
    await cover.drop()
    return refusal
  }
  return cover.put().then(
    () => undefined,
    (fault) => ({ kind: 'cover-not-saved', fault }),
  )
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
  const cover = await draftOf(coverPath(thumbnailsDir, barcode), jpeg)
  return cover.putNew(isStillWanted)
}

/** The one step after the item was saved went wrong. */
export interface CoverNotSaved {
  readonly kind: 'cover-not-saved'
  readonly fault: unknown
}

interface NewCover {
  readonly thumbnailsDir: string
  readonly barcode: Barcode
  readonly jpeg: Uint8Array | undefined
}

/**
 * Deletes the cover, if there is one, and records it: both or neither.
 *
 * @param record when it throws, the cover is back in its place
 */
export async function deleteCover(
  thumbnailsDir: string,
  barcode: Barcode,
  record: () => void,
): Promise<void> {
  const path = coverPath(thumbnailsDir, barcode)
  const aside = join(thumbnailsDir, `.${barcode}.jpg.deleted`)
  const wasThere = await rename(path, aside).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return false
      throw cause
    },
  )
  try {
    record()
  } catch (cause) {
    if (wasThere) await rename(aside, path)
    throw cause
  }
  await rm(aside, { force: true })
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
