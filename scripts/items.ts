import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { auditIn } from '../src/audit/audit.ts'
import {
  argumentsOrExit,
  giveUp,
  misunderstood,
  openDbOrExit,
  settingsOrExit,
} from '../src/command.ts'
import { csvParts } from '../src/csv.ts'
import type { Db } from '../src/db/open.ts'
import { BARCODE_RULE, type Barcode, parseBarcode } from '../src/ids.ts'
import type { BulkRow } from '../src/items/bulk.ts'
import { type DraftField, parseItemDraft } from '../src/items/draft.ts'
import { importList } from '../src/items/import.ts'
import { type Item, type Items, itemsIn } from '../src/items/items.ts'
import { DOWNLOAD_COLUMNS, downloadsIn } from '../src/loans/downloads.ts'
import { figuresIn } from '../src/loans/figures.ts'
import { loanQueries } from '../src/loans/queries.ts'
import { takeBack } from '../src/loans/withdraw.ts'
import { SILENT } from '../src/log.ts'
import { chooseLsp } from '../src/lsp/choose.ts'
import { manifestStoreFor } from '../src/manifests/store.ts'
import type { Settings } from '../src/settings.ts'
import { cameBackWords } from '../src/web/came-back.ts'
import { refreshJson, refreshLines, refreshReport } from '../src/web/refresh-report.ts'
import { loansStillRun, manifestFault, wordsIn } from '../src/web/words.ts'

const HELP = `The items that are lent.

  npm run items -- add BARCODE --title T [--author A] [--publisher P] [--edition E] [--year Y]
                       [--isbn N] [--item-id N] [--item-page URL] [--notes N]
                       [--copies 1] [--hours 2] [--ready]
  npm run items -- ready BARCODE        lends it, as soon as its manifest is there and valid
  npm run items -- not-ready BARCODE    lends it to nobody new; running loans go on
  npm run items -- refresh (BARCODE | --all) [--save] [--json]
                                        asks the library system, and says what would change;
                                        with --save it changes just that
  npm run items -- list [--json]
  npm run items -- import FILE.csv [--dry-run] [--json]
                                        adds the items of a list; bad rows hold back no good ones
  npm run items -- export [--csv|--json]     every item, as CSV (default) or one JSON a line

A list to import names its columns in the first line: barcode and title, and any of author,
publisher, edition, year, isbn_issn, item_id, item_page, notes, copies, loan_hours. With --dry-run
it says what would be added.

  --settings FILE   the settings file (default: settings.ini)
  --help            this text

Exit: 0 done, 1 refused, or rows were left out or items not compared, 2 not understood.`

/** The option of the command line for each field of an item. */
const OPTIONS = {
  title: 'title',
  author: 'author',
  publisher: 'publisher',
  edition: 'edition',
  year: 'year',
  isbnIssn: 'isbn',
  itemId: 'item-id',
  itemPage: 'item-page',
  notes: 'notes',
  copies: 'copies',
  loanHours: 'hours',
} as const satisfies Readonly<Record<Exclude<DraftField, 'barcode'>, string>>

const said = await main()
if (said !== undefined) console.log(said)

/** @returns what to print, unless it was printed */
async function main(): Promise<string | undefined> {
  const { values, positionals } = argumentsOrExit(HELP, {
    text: Object.values(OPTIONS),
    flags: ['ready', 'json', 'csv', 'dry-run', 'all', 'save'],
    words: 2,
  })
  const [verb, name] = positionals
  const settings = settingsOrExit(values.settings)
  const items = () => itemsIn(openDbOrExit(settings))
  checkOptions(verb, values)
  const barcode = (): Barcode =>
    parseBarcode(name ?? '') ??
    misunderstood(name === undefined ? 'give a BARCODE' : `${name}: ${BARCODE_RULE}`)
  switch (verb) {
    case 'add':
      return add(barcode(), values, settings)
    case 'ready':
      return makeReady(barcode(), openDbOrExit(settings), settings)
    case 'not-ready':
      return notReady(barcode(), openDbOrExit(settings), settings)
    case 'refresh':
      if (values.all && name !== undefined) misunderstood('give a BARCODE or --all, not both')
      return refresh(values.all ? undefined : barcode(), values, settings)
    case 'list':
      return list(items(), values.json === true)
    case 'import':
      return importFile(name ?? misunderstood('give a FILE'), values, openDbOrExit(settings))
    case 'export':
      if (name !== undefined) misunderstood('export writes to standard output: give no FILE')
      await writeAll(exported(openDbOrExit(settings), values.json === true))
      return
    default:
      misunderstood(
        verb === undefined
          ? 'say add, ready, not-ready, refresh, list, import or export'
          : `${verb}: no such verb`,
      )
  }
}

type Options = Readonly<Partial<Record<string, string | boolean>>>

function record(db: Db, act: string, barcode: Barcode, detail = ''): void {
  auditIn(db).record({ at: Date.now(), staff: 'script', act, barcode, detail })
}

/** What is said of an item that has been made ready. */
async function readyWords(barcode: Barcode, settings: Settings): Promise<string> {
  const fault = manifestFault(await manifestStoreFor(settings, Date, SILENT).current(barcode))
  if (fault === '') return `${barcode} is ready`
  return `${barcode} is ready, but ${fault}\nIt is lent as soon as its manifest is there and valid.`
}

async function makeReady(barcode: Barcode, db: Db, settings: Settings): Promise<string> {
  const isThere = auditIn(db).together(() => {
    if (!itemsIn(db).setReady(barcode, true)) return false
    record(db, 'ready', barcode)
    return true
  })
  if (!isThere) giveUp([`there is no item ${barcode}`])
  return readyWords(barcode, settings)
}

function notReady(barcode: Barcode, db: Db, { timeZone }: Settings): string {
  const [items, loans, now] = [itemsIn(db), loanQueries(db), Date.now()]
  if (items.find(barcode) === undefined) giveUp([`there is no item ${barcode}`])
  auditIn(db).together(() => {
    takeBack({ items, loans, clock: Date }, barcode, 'finish')
    record(db, 'not-ready', barcode)
  })
  const words = wordsIn(timeZone)
  const times = loans.dueTimes(barcode, now)
  const running = loansStillRun(times, (at) => words.clockTime(at, now))
  return [`${barcode} is not ready`, running].filter((line) => line !== '').join('\n')
}

async function refresh(
  barcode: Barcode | undefined,
  values: Options,
  settings: Settings,
): Promise<string> {
  const db = openDbOrExit(settings)
  const items = itemsIn(db)
  const which = barcode === undefined ? 'all' : items.find(barcode)
  if (which === undefined) giveUp([`there is no item ${barcode}`])
  const lsp = chooseLsp({ settings, log: SILENT, monotonic: () => performance.now() })
  // Covers are looked for by a command of their own: find-covers.
  const covers = { lookFor() {} }
  const deps = { items, covers, audit: auditIn(db), clock: Date, log: SILENT, lsp }
  const save = values.save === true
  const report = await refreshReport(deps, which, save)
  if (report.kind === 'no-lsp') giveUp([report.why])
  const { run } = report
  if (run.state !== 'done' || run.faults.length > 0) process.exitCode = 1
  if (values.json) return JSON.stringify(refreshJson(run, save), null, 2)
  return refreshLines(run, save).join('\n')
}

async function add(barcode: Barcode, values: Options, settings: Settings): Promise<string> {
  const db = openDbOrExit(settings)
  const items = itemsIn(db)
  const given = Object.entries(OPTIONS).flatMap(([field, option]) => {
    const value = values[option]
    return typeof value === 'string' ? [[field, value]] : []
  })
  const reading = parseItemDraft({ ...Object.fromEntries(given), barcode })
  if (reading.kind === 'faults') giveUp(Object.values(reading.faults))
  const { draft } = reading
  const isBack = items.isRemoved(barcode)
  const isNew = auditIn(db).together(() => {
    if (!items.add(draft, Date.now())) return false
    record(db, 'add', barcode, isBack ? 'came back' : '')
    if (values.ready === true) {
      items.setReady(barcode, true)
      record(db, 'ready', barcode)
    }
    return true
  })
  if (!isNew) giveUp([`there is an item ${barcode} already; nothing was changed`])
  const kept = {
    figures: figuresIn(db),
    manifests: manifestStoreFor(settings, Date, SILENT),
    thumbnailsDir: settings.thumbnailsDir,
  }
  const back = isBack ? [await cameBackWords(kept, barcode)] : []
  const ready = values.ready === true ? [await readyWords(barcode, settings)] : []
  return [`added ${barcode}`, ...back, ...ready].join('\n')
}

function list(items: Items, asJson: boolean): string {
  const all = items.page({ limit: items.count(), offset: 0 })
  if (asJson) return JSON.stringify(all, null, 2)
  const line = ({ barcode, title, copies, ready }: Item) =>
    [
      barcode,
      ready ? 'ready' : 'not ready',
      copies === 1 ? '1 copy' : `${copies} copies`,
      title,
    ].join('\t')
  return all.map(line).join('\n')
}

function checkOptions(verb: string | undefined, values: Options): void {
  if (values['dry-run'] && verb !== 'import') misunderstood('--dry-run goes with import')
  if (values.all && verb !== 'refresh') misunderstood('--all goes with refresh')
  if (values.save && verb !== 'refresh') misunderstood('--save goes with refresh')
  if (values.csv && verb !== 'export') misunderstood('--csv goes with export')
  if (values.csv && values.json) misunderstood('--csv or --json, not both')
}

function importFile(file: string, values: Options, db: Db): string {
  const audit = auditIn(db)
  const added = ({ typed }: BulkRow) => {
    const barcode = parseBarcode(typed.barcode ?? '')
    if (barcode === undefined) return
    audit.record({ at: Date.now(), staff: 'script', act: 'add', barcode, detail: 'from a list' })
  }
  const bytes = readOrExit(file)
  const isDry = values['dry-run'] === true
  const outcome = audit.together(() =>
    importList(bytes, itemsIn(db), Date.now(), isDry ? undefined : added),
  )
  if (outcome.kind === 'bad') giveUp([`${file}: ${outcome.why}`])
  const { rows, ignored } = outcome
  const bad = rows.filter(({ fate }) => fate.kind === 'bad')
  if (bad.length > 0) process.exitCode = 1
  if (values.json === true) {
    const told = rows.map(({ line, typed, fate }) => ({ line, barcode: typed.barcode, ...fate }))
    return JSON.stringify({ rows: told, ignored }, null, 2)
  }
  const count = (kind: string) => rows.filter(({ fate }) => fate.kind === kind).length
  const done = isDry ? `${count('to-add')} would be added` : `${count('added')} added`
  return [
    ...bad.map(({ line, fate }) => `line ${line}: ${fate.kind === 'bad' ? fate.why : ''}`),
    ...ignored.map((name) => `column ${name} is not known and was left out`),
    `${done}, ${count('exists')} here already, ${bad.length} left out`,
  ].join('\n')
}

function readOrExit(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    giveUp([(cause as Error).message])
  }
}

/** The same columns as the download of items. */
function exported(db: Db, asJson: boolean): Iterable<string> {
  const batches = downloadsIn(db).item()
  if (!asJson) return csvParts(DOWNLOAD_COLUMNS.item, batches)
  return batches.map((rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
}

/** Somebody who takes only the first lines (`| head`) is no fault. */
async function writeAll(parts: Iterable<string>): Promise<void> {
  await pipeline(Readable.from(parts), process.stdout, { end: false }).catch(
    (fault: NodeJS.ErrnoException) => {
      if (fault.code !== 'EPIPE' && fault.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw fault
    },
  )
}
