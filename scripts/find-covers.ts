import { setTimeout as pause } from 'node:timers/promises'
import { auditIn } from '../src/audit/audit.ts'
import {
  argumentsOrExit,
  giveUp,
  misunderstood,
  openDbOrExit,
  settingsOrExit,
} from '../src/command.ts'
import { BARCODE_RULE, type Barcode, parseBarcode } from '../src/ids.ts'
import { PACE_MS } from '../src/items/cover-search.ts'
import { coverSources } from '../src/items/cover-sources.ts'
import { type CoverFate, coverFinder } from '../src/items/find-cover.ts'
import { type Item, type Items, itemsIn } from '../src/items/items.ts'
import { chooseLsp } from '../src/lsp/choose.ts'

const HELP = `Looks for covers, as the server does after an item is saved.

  npm run find-covers                 for every item that has none
  npm run find-covers -- BARCODE      for this one, also when staff deleted its cover

It asks the services that the setting COVERS names, for one item every ${PACE_MS / 1000} seconds: Open
Library allows no more. Stopped in between and run again, it goes on with what is missing. A cover that
staff deleted is not looked for again, unless you name the item.

  --settings FILE   the settings file (default: settings.ini)
  --help            this text

Exit: 0 done, 1 a service did not answer, 2 not understood.`

const { values, positionals } = argumentsOrExit(HELP, { words: 1 })
const [name] = positionals
const named = name === undefined ? undefined : parseBarcode(name)
if (name !== undefined && named === undefined) misunderstood(`${name}: ${BARCODE_RULE}`)
const settings = settingsOrExit(values.settings)
const db = openDbOrExit(settings)
const items = itemsIn(db)
const audit = auditIn(db)
const { thumbnailsDir } = settings
const monotonic = () => performance.now()
// What goes wrong is told below, item by item.
const log = { debug() {}, info() {}, warn() {}, error: console.error }
const lsp = await chooseLsp({ settings, log, monotonic })
const sources = coverSources(settings, lsp)
if (sources.length === 0) giveUp(['COVERS names nobody who has covers'])
if (named !== undefined && items.find(named) === undefined) giveUp([`there is no item ${named}`])
const find = coverFinder({ items, thumbnailsDir, sources, log, monotonic })
const tally = { found: 0, none: 0, unreachable: 0 }

let paceMs = 0

for (const barcode of named === undefined ? wanted(items) : [named]) {
  await pause(paceMs)
  paceMs = 0
  const fate = await find(barcode, new AbortController().signal)
  if (fate.kind === 'not-needed' || fate.kind === 'nothing-to-ask-by') continue
  paceMs = PACE_MS
  tally[fate.kind]++
  console.log(told(barcode, fate))
  if (fate.kind === 'found') {
    const detail = `found at ${fate.source}`
    audit.record({ at: Date.now(), staff: 'script', act: 'look-for-cover', barcode, detail })
  }
}
console.log(`${tally.found} found, ${tally.none} not, ${tally.unreachable} without an answer`)
await Promise.all(sources.map(({ close }) => close()))
if (tally.unreachable > 0) process.exitCode = 1

function* wanted(items: Items): Iterable<Barcode> {
  let batch: Item[] = items.after('', 100)
  while (batch.length > 0) {
    for (const { barcode } of batch) if (!audit.isCoverUnwanted(barcode)) yield barcode
    batch = items.after(batch.at(-1)?.barcode ?? '', 100)
  }
}

function told(barcode: Barcode, fate: CoverFate): string {
  if (fate.kind === 'found') return `${barcode}: found at ${fate.source}`
  if (fate.kind === 'unreachable') return `${barcode}: no answer from ${fate.sources.join(', ')}`
  return `${barcode}: none`
}
