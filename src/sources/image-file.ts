import { realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import sharp from 'sharp'
import { LOCAL_IMAGES } from './source.ts'

export interface Level {
  readonly width: number
  readonly height: number
}

/** A pyramid on disk: the sizes of its pages, the full one first, each about half of the last. */
export interface ImageFile {
  readonly path: string
  readonly levels: readonly [Level, ...Level[]]
}

/** Without smaller levels all of an image is unpacked for each small view: this takes 0.2 s. */
const LARGEST_WITHOUT_LEVELS = 50e6

/** A piece of an id is a plain file name: no separator, no dot at its start, nothing odd. */
const ID = /^([A-Za-z0-9][\w.-]{0,127})\/([A-Za-z0-9][\w.-]{0,127})\/([A-Za-z0-9][\w.-]{0,127})$/

/**
 * @param imagesDir the folder that every image must really be in, links resolved
 * @param id `LOCAL_IMAGES` + BARCODE/VERSION/NAME
 * @returns undefined when the id names no file there
 * @throws when the file is no TIFF of at most `largestPixels`, or so large and no pyramid: nothing
 *   is unpacked to find out
 */
export async function openImageFile(
  imagesDir: string,
  id: string,
  largestPixels: number,
): Promise<ImageFile | undefined> {
  const pieces = id.startsWith(LOCAL_IMAGES) ? ID.exec(id.slice(LOCAL_IMAGES.length)) : null
  if (pieces === null) return undefined
  const [, barcode = '', version = '', name = ''] = pieces
  const path = await realPath(join(imagesDir, barcode, version, `${name}.tif`))
  const root = await realPath(imagesDir)
  if (path === undefined || root === undefined || !path.startsWith(root + sep)) return undefined
  return { path, levels: await readLevels(path, largestPixels) }
}

async function realPath(path: string): Promise<string | undefined> {
  try {
    return await realpath(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

async function readLevels(path: string, limitInputPixels: number): Promise<ImageFile['levels']> {
  const full = await sharp(path, { limitInputPixels }).metadata()
  if (full.format !== 'tiff') throw new Error(`a file of type ${full.format}, not a TIFF`)
  const levels: [Level, ...Level[]] = [{ width: full.width, height: full.height }]
  for (let page = 1; page < (full.pages ?? 1); page++) {
    const { width, height } = await sharp(path, { page, limitInputPixels }).metadata()
    // A page that is not half of the one before it is another picture, not a level.
    if (!isHalf(levels.at(-1)?.width ?? 0, width) || !isHalf(levels.at(-1)?.height ?? 0, height))
      break
    levels.push({ width, height })
  }
  if (levels.length === 1 && full.width * full.height > LARGEST_WITHOUT_LEVELS) {
    throw new Error(`${full.width} x ${full.height} pixels and no pyramid`)
  }
  return levels
}

function isHalf(whole: number, half: number): boolean {
  return Math.abs(whole - 2 * half) <= 1 || (whole === 1 && half === 1)
}
