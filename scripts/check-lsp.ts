import { argumentsOrExit, giveUp, misunderstood, settingsOrExit } from '../src/command.ts'
import { BARCODE_RULE, parseBarcode } from '../src/ids.ts'
import { createLog } from '../src/log.ts'
import { chooseLsp } from '../src/lsp/choose.ts'
import { lspWords, noAdapterWords } from '../src/web/lsp-words.ts'

const HELP = `Asks the library services platform (LSP) for an item, for cron and for the curious.

  npm run check-lsp -- BARCODE [--json]    prints what it tells of the item, or why it does not

  --settings FILE   the settings file (default: settings.ini)
  --help            this text

Exit: 0 the item was found, or no LSP is set; 1 it was not; 2 not understood.`

console.log(await main())

/** @returns what to print */
async function main(): Promise<string> {
  const { values, positionals } = argumentsOrExit(HELP, { flags: ['json'], words: 1 })
  const [text = ''] = positionals
  const barcode = parseBarcode(text)
  if (barcode === undefined) {
    return misunderstood(text === '' ? 'give a BARCODE' : `${text}: ${BARCODE_RULE}`)
  }
  const log = createLog({ verbose: false })
  const settings = settingsOrExit(values.settings)
  const choice = chooseLsp({ settings, log, monotonic: () => performance.now() })
  if (choice.kind === 'manual') return 'No LSP is set (LSP_TYPE): items are entered by hand.'
  if (choice.kind === 'no-adapter') giveUp([noAdapterWords(choice)])
  const answer = await choice.lsp.lookUp(barcode)
  if (answer.kind !== 'found') giveUp([lspWords(answer, choice.lsp.name)])
  if (values.json) return JSON.stringify(answer.record)
  return Object.entries(answer.record)
    .map(([field, value]) => `${field}: ${value}`)
    .join('\n')
}
