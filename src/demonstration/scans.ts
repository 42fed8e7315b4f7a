import { copyFile, mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { writeWhole } from '../durable.ts'
import type { Barcode } from '../ids.ts'
import { coverFile, coverPath } from '../items/covers.ts'
import { convertScans } from '../scans/convert.ts'
import { BOOK } from './book/book.ts'
import { makeBook, renderCover } from './book/make.ts'
import { ALL_OUT, GUIDE } from './items.ts'

export interface Places {
  readonly scansDir: string
  readonly imagesDir: string
  readonly manifestDir: string
  readonly thumbnailsDir: string
}

/** Told how far the making is: which step, how many pages of how many. */
export type Progress = (step: 'set' | 'converted', done: number, pages: number) => void

/** Enough to show that the item is real; nobody gets to read it. */
const ALL_OUT_PAGES = 4

/**
 * Makes the demonstration book and converts it as any scan, and the first pages of it once more as
 * the item that is all out, and its cover. Whatever is there already stays; a run that was killed is taken up.
 */
export async function makeSampleScans(
  places: Places,
  clock: Clock,
  onProgress: Progress,
): Promise<void> {
  const scans = (item: Barcode) => join(places.scansDir, item)
  if (!(await hasManifest(places, GUIDE))) {
    const onPage = (done: number, pages: number) => onProgress('set', done, pages)
    if (!(await exists(scans(GUIDE)))) await makeBook(scans(GUIDE), { barcode: GUIDE, onPage })
    await convert(GUIDE)
  }
  if (!(await hasManifest(places, ALL_OUT))) {
    await copyPages(scans(GUIDE), scans(ALL_OUT))
    await convert(ALL_OUT)
  }
  if ((await coverFile(places.thumbnailsDir, GUIDE)) === undefined) {
    await mkdir(places.thumbnailsDir, { recursive: true })
    await writeWhole(coverPath(places.thumbnailsDir, GUIDE), await renderCover())
  }

  async function convert(item: Barcode): Promise<void> {
    const result = await convertScans(item, {
      ...places,
      presentation: 3,
      metadata: BOOK,
      clock,
      onProgress: ({ done, pages }) => onProgress('converted', done, pages),
    })
    if (result.kind === 'problem') throw new Error(result.reason)
    if (result.kind === 'busy') throw new Error(`process ${result.pid} is preparing it already`)
  }
}

function hasManifest(
  { manifestDir }: Pick<Places, 'manifestDir'>,
  item: Barcode,
): Promise<boolean> {
  return exists(join(manifestDir, `${item}-manifest.json`))
}

async function copyPages(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  const pages = (await readdir(from)).sort().slice(0, ALL_OUT_PAGES)
  for (const page of pages) await copyFile(join(from, page), join(to, page.replace(GUIDE, ALL_OUT)))
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
