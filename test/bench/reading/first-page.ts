import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium } from '../../support/chromium.ts'
import { BOOK, startBook } from './book-server.ts'
import { type Drawn, drawn, watchCanvas } from './canvas-watch.ts'
import { median, type Result, round, spreadOf } from './results.ts'

/** A line of 10 Mbit/s with 40 ms to and fro. */
const LINE = { offline: false, latency: 40, downloadThroughput: 1.25e6, uploadThroughput: 1.25e6 }
const WINDOW = { viewport: { width: 1280, height: 800 } }
/** A reader looks at least so long at a page. */
const REST_MS = 1000
const TURNS = 4

/**
 * The first page of a book in Chromium, against OpenSeadragon alone with the same tiles, both with
 * nothing in the browser's cache; and later pages on a slow line, with and without reading ahead.
 */
export async function firstPage(
  folder: string,
  _root: string,
  { rounds }: { rounds: number },
): Promise<Result[]> {
  const book = await startBook(folder)
  const browser = await launchChromium()
  const view = `${book.address}/view/${BOOK}`
  const alone = `${book.address}/alone/index.html?/iiif/${BOOK}/1/info.json`
  const seen = { alone: [] as number[], ours: [] as number[] }
  const turns = { ahead: [] as Drawn[], plain: [] as Drawn[] }
  let bytes = 0
  try {
    for (let n = -1; n < rounds; n++) {
      const other = await opened(browser, alone)
      const ours = await opened(browser, view)
      const ahead = await turnedPages(browser, view, { saveData: false })
      const plain = await turnedPages(browser, view, { saveData: true })
      // The first round warms the server up.
      if (n < 0) continue
      seen.alone.push(other.lastMs)
      seen.ours.push(ours.lastMs)
      bytes = ours.bytesBeforeTiles
      turns.ahead.push(...ahead)
      turns.plain.push(...plain)
    }
  } finally {
    await browser.close()
    await book.stop()
  }
  return [bytesResult(bytes), firstPageResult(seen.ours, seen.alone), ...turnResults(turns)]
}

function bytesResult(bytes: number): Result {
  return {
    name: 'first page: KB on the wire before the first tile, headers and all',
    measured: `${Math.round(bytes / 1000)} KB`,
    reference: '',
    figure: bytes / 1000,
    // The target, 350 KB of content, is an exact test of `npm test`.
    target: undefined,
    spread: 0,
  }
}

/** What we add to OpenSeadragon is taken round by round. */
function firstPageResult(ours: readonly number[], alone: readonly number[]): Result {
  const added = ours.map((ms, n) => (ms - (alone[n] ?? Number.NaN)) / 1000)
  return {
    name: 'first page drawn: seconds more than OpenSeadragon alone',
    measured: `${round(median(ours))} ms`,
    reference: `${round(median(alone))} ms`,
    figure: median(added),
    target: { atMost: 0.6 },
    spread: spreadOf(added),
  }
}

function turnResults({ ahead, plain }: Record<'ahead' | 'plain', readonly Drawn[]>): Result[] {
  return (['firstMs', 'lastMs'] as const).map((key) => {
    const [ours, without] = [ahead.map((turn) => turn[key]), plain.map((turn) => turn[key])]
    return {
      name: `a later page at 10 Mbit and 40 ms ${key === 'firstMs' ? 'shown' : 'drawn whole'}: ms`,
      measured: `${round(median(ours))} ms, the slowest ${round(Math.max(...ours))}`,
      reference: `${round(median(without))} ms without reading ahead`,
      figure: median(ours),
      target: { atMost: 150 },
      spread: spreadOf(ours),
    }
  })
}

/** Opens a page with an empty cache and waits until its image is drawn. */
async function opened(
  browser: Browser,
  address: string,
): Promise<Drawn & { bytesBeforeTiles: number }> {
  const context = await browser.newContext(WINDOW)
  await watchCanvas(context)
  const page = await context.newPage()
  const bytesBeforeTiles = await countBytes(context, page)
  await page.goto(address, { waitUntil: 'commit' })
  const when = await drawn(page)
  await context.close()
  return { ...when, bytesBeforeTiles: bytesBeforeTiles() }
}

/** What had come over the line when the first tile was asked for. */
async function countBytes(context: BrowserContext, page: Page): Promise<() => number> {
  const line = await context.newCDPSession(page)
  let bytes = 0
  let before: number | undefined
  await line.send('Network.enable')
  line.on('Network.requestWillBeSent', ({ request }) => {
    if (/\/iiif\/.*\.jpg$/.test(request.url)) before ??= bytes
  })
  line.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength
  })
  return () => before ?? bytes
}

/**
 * Reads some pages on the slow line.
 *
 * @returns when each was drawn, counted from the key; the first turn is left out
 */
async function turnedPages(
  browser: Browser,
  address: string,
  { saveData }: { saveData: boolean },
): Promise<Drawn[]> {
  const context = await browser.newContext(WINDOW)
  await watchCanvas(context)
  if (saveData) {
    await context.addInitScript(
      "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })",
    )
  }
  const page = await context.newPage()
  const line = await context.newCDPSession(page)
  await line.send('Network.enable')
  await line.send('Network.emulateNetworkConditions', LINE)
  await page.goto(address, { waitUntil: 'commit' })
  await drawn(page)
  const turns: Drawn[] = []
  for (let turn = 1; turn <= TURNS; turn++) {
    await page.waitForTimeout(REST_MS)
    await page.keyboard.press('ArrowRight')
    turns.push(await drawn(page))
  }
  await context.close()
  return turns.slice(1)
}
