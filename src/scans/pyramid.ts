import { basename } from 'node:path'
import sharp, { type Metadata } from 'sharp'
import { sync } from '../durable.ts'
import { type Problem, problem } from './problem.ts'

/** A scan that may be converted, by what its header says. */
export interface Scan {
  readonly kind: 'scan'
  readonly path: string
  readonly format: 'tiff' | 'jpeg' | 'png'
  /** Pixels, whichever way the page is turned. */
  readonly longerSide: number
}

export interface PageImage {
  readonly kind: 'image'
  /** Pixels, the right way up. */
  readonly width: number
  readonly height: number
  readonly bytes: number
}

/** An A2 sheet at 1200 dpi has 560 million pixels, one at 800 dpi 250 million. */
const MOST_PIXELS = 300_000_000

/** The longest side that JPEG can hold is 65,535. */
const LONGEST_SIDE = 65_500

const TILE = 512

/**
 * Looks at the header of a scan.
 *
 * @returns a problem for what is no TIFF, JPEG or PNG, is too large, or holds several pages
 */
export async function checkScan(path: string): Promise<Scan | Problem> {
  const file = basename(path)
  try {
    const { format, width, height, pages = 1 } = await header(path)
    if (format !== 'tiff' && format !== 'jpeg' && format !== 'png') {
      return problem(`${file} is not a TIFF, JPEG or PNG image.`)
    }
    if (width > LONGEST_SIDE || height > LONGEST_SIDE || width * height > MOST_PIXELS) {
      return problem(
        `${file} is too large, ${width} by ${height} pixels: the most is 300 million pixels, ` +
          `and ${LONGEST_SIDE} on a side.`,
      )
    }
    if (pages > 1 && (await holdsOtherPages(path, { width, height }, pages))) {
      return problem(`${file} holds ${pages} pages: save each page as a file of its own.`)
    }
    return { kind: 'scan', path, format, longerSide: Math.max(width, height) }
  } catch (cause) {
    return problem(`${file} cannot be read as an image. ${TRY} ${said(firstLine(cause))}`)
  }
}

/**
 * Makes a tiled pyramidal TIFF of a scan, for an IIIF server to cut tiles from: JPEG compression,
 * sRGB, 8 bits, turned as its EXIF data says, without any metadata. The file is on the disk when
 * this returns.
 *
 * @returns a problem when the scan is damaged or cut off
 * @throws when the image cannot be written
 */
export async function makePyramid(scan: Scan, image: string): Promise<PageImage | Problem> {
  const warnings: string[] = []
  // A warning of the JPEG decoder means damaged pixels. Those on TIFF and PNG are mostly about
  // careless tags, which many scanners write, so these are told apart by their words.
  const failOn = scan.format === 'jpeg' ? 'warning' : 'error'
  // libvips cannot read back a TIFF that is much smaller than its only tile.
  const tile = scan.longerSide < TILE ? TILE / 2 : TILE
  try {
    const { width, height, size } = await sharp(scan.path, {
      failOn,
      limitInputPixels: MOST_PIXELS,
    })
      .on('warning', (text: string) => warnings.push(text))
      .autoOrient()
      .flatten({ background: 'white' })
      .toColourspace('srgb')
      .tiff({
        compression: 'jpeg',
        quality: 85,
        pyramid: true,
        tile: true,
        tileWidth: tile,
        tileHeight: tile,
      })
      .toFile(image)
    const damage = warnings.find((text) => /corrupt|premature|IO error|read error/i.test(text))
    if (damage !== undefined) return damaged(scan, damage)
    await sync(image)
    return { kind: 'image', width, height, bytes: size }
  } catch (cause) {
    if (/write/i.test((cause as Error).message)) {
      throw new Error(`image ${image}: ${firstLine(cause)}`, { cause })
    }
    return damaged(scan, firstLine(cause))
  }
}

const TRY = 'Copy the file again, or scan the page again.'

/** For whoever can read it: what libvips says, after our own words. */
const said = (detail: string) => `The converter says: ${detail}.`

function damaged({ path }: Scan, detail: string): Problem {
  return problem(`${basename(path)} is damaged or cut off. ${TRY} ${said(detail)}`)
}

function header(path: string, page = 0): Promise<Metadata> {
  return sharp(path, { page, failOn: 'error', limitInputPixels: false }).metadata()
}

interface Size {
  readonly width: number
  readonly height: number
}

/** True unless all later pages are smaller copies of the first: a pyramid or a thumbnail. */
async function holdsOtherPages(path: string, first: Size, pages: number): Promise<boolean> {
  for (let page = 1; page < pages; page++) {
    if (!isSmallerCopy(await header(path, page), first)) return true
  }
  return false
}

function isSmallerCopy(page: Size, first: Size): boolean {
  if (Math.max(page.width, page.height) <= 256) return true
  const ratio = page.width / page.height / (first.width / first.height)
  return page.width <= 0.6 * first.width && ratio > 0.95 && ratio < 1.05
}

/** libvips writes one line for each fault it met; the first says enough. */
function firstLine(cause: unknown): string {
  return ((cause as Error).message.split('\n')[0] ?? '').replace(/\.$/, '')
}
