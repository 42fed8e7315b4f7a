import { argumentsOrExit, misunderstood, openDbOrExit, settingsOrExit } from '../src/command.ts'
import { BARCODE_RULE, type Barcode, parseBarcode } from '../src/ids.ts'
import { itemsIn } from '../src/items/items.ts'
import { exported, importFile, list, writeAll } from './items/lists.ts'
import { add, makeReady, notReady } from './items/one.ts'
import { OPTIONS, type Options } from './items/options.ts'
import { refresh } from './items/refresh.ts'

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

function checkOptions(verb: string | undefined, values: Options): void {
  if (values['dry-run'] && verb !== 'import') misunderstood('--dry-run goes with import')
  if (values.all && verb !== 'refresh') misunderstood('--all goes with refresh')
  if (values.save && verb !== 'refresh') misunderstood('--save goes with refresh')
  if (values.csv && verb !== 'export') misunderstood('--csv goes with export')
  if (values.csv && values.json) misunderstood('--csv or --json, not both')
}
