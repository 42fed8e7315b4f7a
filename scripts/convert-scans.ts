import { existsSync } from 'node:fs'
import { Presets, SingleBar } from 'cli-progress'
import { argumentsOrExit, misunderstood, settingsOrExit } from '../src/command.ts'
import { type Db, openDb } from '../src/db/open.ts'
import { BARCODE_RULE, type Barcode, parseBarcode } from '../src/ids.ts'
import { itemsIn } from '../src/items/items.ts'
import { loanQueries } from '../src/loans/queries.ts'
import { createLog } from '../src/log.ts'
import { type Conversion, type ConversionOptions, convertScans } from '../src/scans/convert.ts'
import type { ItemMetadata, PresentationVersion } from '../src/scans/presentation.ts'
import { removeOldImages } from '../src/scans/versions.ts'
import { watchScans } from '../src/scans/watch.ts'
import type { Settings } from '../src/settings.ts'

const HELP = `Converts the page scans of an item into images and a manifest that Carrel can lend.

  npm run convert-scans -- BARCODE [--presentation 2|3] [--json] [--settings FILE]
  npm run convert-scans -- --watch [--presentation 2|3] [--settings FILE]

The scans are the TIFF, JPEG and PNG files in SCANS_DIR/BARCODE/, in natural order of their names.
They are only read. When all pages are done, the images appear under IMAGES_DIR/BARCODE/ and the
manifest as MANIFEST_DIR/BARCODE-manifest.json; running loans go on with the images they began with.

  --watch            take up every item that staff ask for in PROCESS_DIR, until stopped
  --presentation     version of IIIF Presentation for the manifest: 3 (default) or 2 (2.1)
  --json             say the outcome as one line of JSON
  --settings FILE    the settings file, instead of settings.ini
  --help             show this

Exit status: 0 converted, 1 a problem (also written to PROCESS_DIR/BARCODE-problem), 2 wrong use.`

process.exitCode = await main()

async function main(): Promise<number> {
  const { values, positionals } = argumentsOrExit(HELP, {
    text: ['presentation'],
    flags: ['watch', 'json'],
    words: 1,
  })
  const [text] = positionals
  const { watch: isWatch, json = false, presentation: version = '3' } = values
  if (version !== '2' && version !== '3') misunderstood('--presentation is 2 or 3.')
  const presentation = version === '3' ? 3 : 2
  if (isWatch) {
    if (text !== undefined || json) {
      misunderstood('--watch goes without a barcode and without --json.')
    }
    return watch(settingsOrExit(values.settings), presentation)
  }
  if (text === undefined) misunderstood('Give one barcode.')
  const barcode = parseBarcode(text) ?? misunderstood(BARCODE_RULE)
  const settings = settingsOrExit(values.settings)
  const started = Date.now()
  const progress = showProgress()
  try {
    const outcome = await convertItem(barcode, settings, presentation, progress.show)
    progress.stop()
    if (json) say(`${JSON.stringify({ barcode, ...outcome })}\n`)
    return report(barcode, outcome, Date.now() - started, json)
  } catch (fault) {
    progress.stop()
    return complain((fault as Error).message)
  }
}

/** One conversion, and the clearing up of images that nobody reads any more. */
async function convertItem(
  barcode: Barcode,
  settings: Settings,
  presentation: PresentationVersion,
  onProgress: NonNullable<ConversionOptions['onProgress']>,
): Promise<Conversion> {
  const { scansDir, imagesDir, manifestDir, processDir } = settings
  const metadata = itemMetadata(barcode, settings)
  const places = { scansDir, imagesDir, manifestDir, processDir }
  const options = { ...places, presentation, metadata, onProgress, clock: Date }
  const outcome = await convertScans(barcode, options)
  if (outcome.kind === 'converted' && !isOnLoan(barcode, settings)) {
    await removeOldImages(imagesDir, barcode)
  }
  return outcome
}

/** What the database says of the item, if there is one yet. */
function itemMetadata(barcode: Barcode, settings: Settings): ItemMetadata | undefined {
  return withDatabase(settings, (db) => itemsIn(db).find(barcode))
}

function isOnLoan(barcode: Barcode, settings: Settings): boolean {
  const loans = withDatabase(settings, (db) => loanQueries(db).openLoans(barcode, Date.now()))
  return loans !== undefined && loans > 0
}

/** Opened for each question: a watch runs for weeks, and must not be in the way of a backup. */
function withDatabase<Answer>(
  { databaseFile }: Settings,
  ask: (db: Db) => Answer,
): Answer | undefined {
  if (!existsSync(databaseFile)) return undefined
  const opening = openDb(databaseFile)
  if (opening.kind === 'refused') throw new Error(opening.reason)
  try {
    return ask(opening.db)
  } finally {
    opening.db.$client.close()
  }
}

async function watch(settings: Settings, presentation: PresentationVersion): Promise<number> {
  const { processDir, imagesDir } = settings
  if (processDir === undefined) return complain('--watch needs the setting PROCESS_DIR.')
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const log = createLog({ verbose: settings.runMode === 'verbose' })
  log.info({ processDir }, 'scans.watch')
  const convert = (barcode: Barcode) => convertItem(barcode, settings, presentation, () => {})
  await watchScans({ processDir, imagesDir, convert, log, signal: stop.signal })
  return 0
}

/** A bar on a terminal; elsewhere a line now and then. Both on standard error. */
function showProgress(): { show: ConversionOptions['onProgress'] & {}; stop: () => void } {
  if (!process.stderr.isTTY) return { show: showLine(Date.now()), stop: () => {} }
  const format = ' {bar} {value}/{total} pages, {eta_formatted} left'
  const bar = new SingleBar({ format, hideCursor: true }, Presets.shades_classic)
  return {
    show({ done, pages }) {
      if (done === 1) bar.start(pages, 0)
      bar.update(done)
    },
    stop: () => bar.stop(),
  }
}

function showLine(started: number): ConversionOptions['onProgress'] & {} {
  return ({ done, pages }) => {
    if (done % 25 !== 0 && done !== pages) return
    const left = Math.ceil((((Date.now() - started) / done) * (pages - done)) / 1000)
    process.stderr.write(`${done} of ${pages} pages, about ${left} s left\n`)
  }
}

function report(barcode: Barcode, outcome: Conversion, tookMs: number, quiet: boolean): number {
  if (outcome.kind === 'problem') return complain(outcome.reason)
  if (outcome.kind === 'busy') {
    return complain(`${barcode} is being converted already (process ${outcome.pid ?? '?'}).`)
  }
  if (quiet) return 0
  const { pages, bytes, leftOut } = outcome
  const megabytes = (bytes / 1e6).toFixed(1)
  const words = `${pages} ${pages === 1 ? 'page' : 'pages'}, ${megabytes} MB`
  say(`${barcode}: converted ${words}, in ${(tookMs / 1000).toFixed(1)} s.\n`)
  return leftOut.length > 0 ? say(`Left out: ${leftOut.join(', ')}\n`) : 0
}

function say(text: string): 0 {
  process.stdout.write(text)
  return 0
}

function complain(text: string): 1 {
  process.stderr.write(`${text}\n`)
  return 1
}
