import { parseArgs } from 'node:util'
import {
  giveUp,
  misunderstoodWith,
  openDbOrExit,
  requireNode24,
  settingsOrExit,
} from '../src/command.ts'
import { BARCODE_RULE, type Barcode, parseBarcode } from '../src/ids.ts'
import { type DraftField, parseItemDraft } from '../src/items/draft.ts'
import { type Item, type Items, itemsIn } from '../src/items/items.ts'

const HELP = `The items that are lent.

  npm run items -- add BARCODE --title T [--author A] [--publisher P] [--edition E] [--year Y]
                       [--isbn N] [--item-id N] [--item-page URL] [--notes N]
                       [--copies 1] [--hours 2] [--ready]
  npm run items -- ready BARCODE        lends it, as soon as its manifest is there and valid
  npm run items -- not-ready BARCODE    lends it to nobody new; running loans go on
  npm run items -- list [--json]

  --settings FILE   the settings file (default: settings.ini)
  --help            this text

Exit: 0 done, 1 refused, 2 not understood.`

/** The option of the command line for each field of an item. */
const OPTIONS: Readonly<Record<Exclude<DraftField, 'barcode'>, string>> = {
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
}

const misunderstood: (why: string) => never = misunderstoodWith(HELP)

requireNode24()
console.log(main())

/** @returns what to print */
function main(): string {
  const { values, positionals } = readArguments()
  if (values.help) return HELP
  const [verb, name, ...rest] = positionals
  if (rest.length > 0) misunderstood(`too many words: ${rest.join(' ')}`)
  const settings = settingsOrExit(values.settings as string | undefined)
  const items = () => itemsIn(openDbOrExit(settings))
  const barcode = (): Barcode =>
    parseBarcode(name ?? '') ??
    misunderstood(name === undefined ? 'give a BARCODE' : `${name}: ${BARCODE_RULE}`)
  switch (verb) {
    case 'add':
      return add(barcode(), values, items())
    case 'ready':
    case 'not-ready': {
      const id = barcode()
      if (!items().setReady(id, verb === 'ready')) giveUp([`there is no item ${id}`])
      return `${id} is ${verb === 'ready' ? 'ready' : 'not ready'}`
    }
    case 'list':
      return list(items(), values.json === true)
    default:
      misunderstood(
        verb === undefined ? 'say add, ready, not-ready or list' : `${verb}: no such verb`,
      )
  }
}

type Options = Readonly<Record<string, string | boolean | undefined>>

function add(barcode: Barcode, values: Options, items: Items): string {
  const given = Object.entries(OPTIONS).flatMap(([field, option]) => {
    const value = values[option]
    return typeof value === 'string' ? [[field, value]] : []
  })
  const reading = parseItemDraft({ ...Object.fromEntries(given), barcode })
  if (reading.kind === 'faults') giveUp(Object.values(reading.faults))
  if (!items.add(reading.draft, Date.now())) {
    giveUp([`there is an item ${barcode} already; nothing was changed`])
  }
  if (values.ready === true) items.setReady(barcode, true)
  return `added ${barcode}${values.ready === true ? ', ready' : ''}`
}

function list(items: Items, asJson: boolean): string {
  const all = items.page({ limit: items.count(), offset: 0 })
  if (asJson) return JSON.stringify(all, null, 2)
  const line = ({ barcode, title, copies, ready }: Item) =>
    [barcode, ready ? 'ready' : 'not ready', `${copies} copies`, title].join('\t')
  return all.map(line).join('\n')
}

function readArguments(): { values: Options; positionals: string[] } {
  const text = Object.fromEntries(
    Object.values(OPTIONS).map((name) => [name, { type: 'string' }] as const),
  )
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        ...text,
        settings: { type: 'string' },
        ready: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }) as { values: Options; positionals: string[] }
  } catch (cause) {
    return misunderstood((cause as Error).message)
  }
}
