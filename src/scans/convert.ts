import { mkdir, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import pMap from 'p-map'
import sharp from 'sharp'
import type { Clock } from '../clock.ts'
import { writeWhole } from '../durable.ts'
import type { Barcode } from '../ids.ts'
import { type Busy, takeLock } from '../lock.ts'
import { readScansFolder, type ScannedPage } from './folder.ts'
import {
  type ItemMetadata,
  type PresentationVersion,
  type PresentedPage,
  presentation,
} from './presentation.ts'
import type { Problem } from './problem.ts'
import { checkScan, makePyramid } from './pyramid.ts'
import { begin, fail, finish } from './state.ts'
import { publish } from './versions.ts'

export interface ConversionOptions {
  readonly scansDir: string
  readonly imagesDir: string
  readonly manifestDir: string
  /** Where DIBS's state files are kept, if they are. */
  readonly processDir?: string | undefined
  readonly presentation: PresentationVersion
  readonly metadata?: ItemMetadata | undefined
  /** Pages in flight. */
  readonly concurrency?: number
  readonly onProgress?: (progress: { readonly done: number; readonly pages: number }) => void
  readonly clock: Clock
}

export interface Converted {
  readonly kind: 'converted'
  /** The folder of the images under `IMAGES_DIR/BARCODE`, which the manifest names. */
  readonly version: string
  readonly pages: number
  /** Size of all images. */
  readonly bytes: number
  /** Names of what lay among the scans and is none. */
  readonly leftOut: readonly string[]
}

export type Conversion = Converted | Problem | Busy

/** libuv runs this many tasks of sharp at a time; more cores than that give each page threads. */
const WORKERS = 4

/**
 * Converts `SCANS_DIR/BARCODE/` into `IMAGES_DIR/BARCODE/VERSION/` and
 * `MANIFEST_DIR/BARCODE-manifest.json`. The images appear when all of them are on the disk, the
 * manifest after them; those of earlier versions stay, for running loans read on. A run that was
 * killed leaves nothing that is seen, and the next one clears up after it. The scans are only read.
 *
 * It uses all cores, with at most four pages in flight: a page takes some megabytes, one that has
 * to be turned its width by height by three bytes. For that it sets the number of threads and
 * switches off the cache of sharp, for the whole process.
 *
 * @throws when something other than the scans is at fault (a full disk, missing permissions)
 */
export async function convertScans(
  barcode: Barcode,
  options: ConversionOptions,
): Promise<Conversion> {
  const { processDir } = options
  try {
    return await convertAlone(barcode, options)
  } catch (cause) {
    const { message } = cause as Error
    // The fault itself is thrown on, whether or not it can be written down.
    if (processDir) await breakOff(processDir, barcode, message).catch(() => undefined)
    throw new Error(`scans of ${barcode}: ${message}`, { cause })
  }
}

async function convertAlone(barcode: Barcode, options: ConversionOptions): Promise<Conversion> {
  const { imagesDir, processDir } = options
  const lock = takeLock(imagesDir, barcode)
  if (lock.kind === 'busy') return lock
  const partial = join(imagesDir, '.partial', barcode)
  try {
    if (processDir) await begin(processDir, barcode)
    await rm(partial, { recursive: true, force: true })
    const outcome = await convert(barcode, partial, options)
    if (processDir && outcome.kind === 'problem') await fail(processDir, barcode, outcome.reason)
    else if (processDir) await finish(processDir, barcode)
    return outcome
  } finally {
    await rm(partial, { recursive: true, force: true }).finally(() => lock.release())
  }
}

async function breakOff(processDir: string, barcode: Barcode, message: string): Promise<void> {
  await begin(processDir, barcode)
  await fail(processDir, barcode, `The conversion broke off: ${message}`)
}

async function convert(
  barcode: Barcode,
  partial: string,
  options: ConversionOptions,
): Promise<Converted | Problem> {
  const { scansDir, imagesDir, manifestDir, metadata, clock } = options
  const reading = await readScansFolder(scansDir, barcode)
  if (reading.kind === 'problem') return reading
  await mkdir(partial, { recursive: true })
  const made = await makeImages(reading.pages, partial, options)
  if (made.kind === 'problem') return made
  const version = await publish(partial, join(imagesDir, barcode), clock)
  const { pages, bytes } = made
  const book = { barcode, version, pages, metadata }
  await mkdir(manifestDir, { recursive: true })
  await writeWhole(
    join(manifestDir, `${barcode}-manifest.json`),
    JSON.stringify(presentation(book, options.presentation)),
  )
  return { kind: 'converted', version, pages: pages.length, bytes, leftOut: reading.leftOut }
}

interface Images {
  readonly kind: 'images'
  readonly pages: readonly PresentedPage[]
  readonly bytes: number
}

/** Looks at all scans before it converts the first: most problems show within seconds. */
async function makeImages(
  scans: readonly ScannedPage[],
  folder: string,
  { concurrency = Math.min(availableParallelism(), WORKERS), onProgress }: ConversionOptions,
): Promise<Images | Problem> {
  sharp.concurrency(Math.max(1, Math.floor(availableParallelism() / concurrency)))
  // The cache knows files by name alone and would hand back a scan that was since replaced.
  sharp.cache(false)
  const checked = await eachPage(scans, concurrency, ({ path }) => checkScan(path))
  if (checked.kind === 'problem') return checked
  let done = 0
  const made = await eachPage(checked.results, concurrency, async (scan, n) => {
    const image = await makePyramid(scan, join(folder, `${imageName(n)}.tif`))
    if (image.kind === 'image') onProgress?.({ done: ++done, pages: scans.length })
    return image
  })
  if (made.kind === 'problem') return made
  const pages = made.results.map(({ width, height }, n) => {
    const name = imageName(n)
    return { name, label: scans[n]?.label ?? name, width, height }
  })
  return { kind: 'images', pages, bytes: made.results.reduce((sum, { bytes }) => sum + bytes, 0) }
}

/** Images are named by their place in the book, which is safe in a URL whatever the scan is called. */
function imageName(n: number): string {
  return String(n + 1).padStart(4, '0')
}

/**
 * Works on each page, several at a time, and takes up no more after the first problem or fault.
 * What is in flight then is waited for, so that nobody writes into a folder that goes away.
 */
async function eachPage<Page, Result extends { kind: string }>(
  pages: readonly Page[],
  concurrency: number,
  work: (page: Page, n: number) => Promise<Result | Problem>,
): Promise<{ kind: 'results'; results: Result[] } | Problem> {
  const results: Result[] = []
  const problems: Problem[] = []
  const faults: unknown[] = []
  const one = async (page: Page, n: number) => {
    if (problems.length + faults.length > 0) return
    try {
      const result = await work(page, n)
      if (isProblem(result)) problems.push(result)
      else results[n] = result
    } catch (cause) {
      faults.push(cause)
    }
  }
  await pMap(pages, one, { concurrency })
  if (faults.length > 0) throw faults[0]
  return problems[0] ?? { kind: 'results', results }
}

function isProblem<Result extends { kind: string }>(result: Result | Problem): result is Problem {
  return result.kind === 'problem'
}
