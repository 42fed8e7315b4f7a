import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import pMap from 'p-map'
import sharp from 'sharp'
import type { Barcode } from '../../ids.ts'
import { BOOK } from './book.ts'
import type { Element } from './element.ts'
import { parseGuide } from './guide.ts'
import { bookPages } from './pages.ts'
import { openTypesetter, photograph } from './typeset.ts'

const COVER = { width: 400, height: 600 }

/** A page being drawn holds 24 MB twice; with two, one core draws while another sets type. */
const PAGES_IN_FLIGHT = 2

/**
 * Makes the demonstration book as a scanner would have left it: `BARCODE_001.jpg` and so on, 2000
 * by 3000 pixels each. The folder appears under its name only when all pages are in it.
 * A run that was killed leaves `.FOLDER.unfinished` beside it, which the next run throws away.
 *
 * @param folder must not exist yet, or be empty; `onPage` hears of every page that is done
 * @returns what a library would put in its catalogue, and the number of pages
 * @throws when the folder exists and is not empty, or the disk is full
 */
export async function makeBook(
  folder: string,
  options: { barcode: Barcode; onPage?: (done: number, pages: number) => void },
): Promise<typeof BOOK & { pages: number }> {
  const unfinished = join(dirname(folder), `.${basename(folder)}.unfinished`)
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true })
  const pages = await layOutBook()
  const { svg } = await openTypesetter()
  let done = 0
  const makePage = async (page: Element, index: number) => {
    const name = `${options.barcode}_${String(index + 1).padStart(3, '0')}.jpg`
    await writeFile(join(unfinished, name), await photograph(await svg(page)), { flush: true })
    options.onPage?.(++done, pages.length)
  }
  await pMap(pages, makePage, { concurrency: PAGES_IN_FLIGHT })
  await rename(unfinished, folder)
  return { ...BOOK, pages: pages.length }
}

/** @returns the cover as a JPEG of 400 by 600 pixels, for the page of the item */
export async function renderCover(): Promise<Buffer> {
  const [cover] = await layOutBook()
  if (!cover) throw new Error('The book has no cover')
  const { svg } = await openTypesetter()
  const page = Buffer.from(await svg(cover))
  return sharp(page).resize(COVER).flatten().jpeg({ quality: 90 }).toBuffer()
}

/** @returns the pages of the book from cover to cover, ready to be set */
export async function layOutBook(): Promise<Element[]> {
  const [guide, css] = await Promise.all(['guide.md', 'book.css'].map(readBeside))
  return bookPages(parseGuide(guide ?? ''), css ?? '')
}

function readBeside(name: string): Promise<string> {
  return readFile(new URL(name, import.meta.url), 'utf8')
}
