import pino from 'pino'
import { argumentsOrExit, giveUp, misunderstood, settingsOrExit } from '../src/command.ts'
import { BARCODE_RULE, parseBarcode } from '../src/ids.ts'
import { chooseLsp } from '../src/lsp/choose.ts'
import type { Lsp, LspRecord } from '../src/lsp/lsp.ts'
import { lspDiagnosis, sentence } from '../src/web/lsp-words.ts'

const HELP = `Asks the library services platform (LSP) for an item, for cron and for the curious.

  npm run check-lsp                        says whether the LSP answers and lets Carrel in
  npm run check-lsp -- BARCODE [--json]    prints what it tells of the item, or why it does not

  --settings FILE   the settings file (default: settings.ini)
  --help            this text

Exit: 0 it answers, the item was found, or no LSP is set; 1 it does not, or was not;
2 not understood.`

console.log(await main())

/** @returns what to print */
async function main(): Promise<string> {
  const { values, positionals } = argumentsOrExit(HELP, { flags: ['json'], words: 1 })
  const [text] = positionals
  const barcode = parseBarcode(text ?? '')
  if (text !== undefined && barcode === undefined) misunderstood(`${text}: ${BARCODE_RULE}`)
  const settings = settingsOrExit(values.settings)
  // What goes wrong is said in words; a line of the log beside them would say it twice.
  const log = pino({ enabled: false })
  const choice = await chooseLsp({ settings, log, monotonic: () => performance.now() })
  if (choice.kind === 'manual') return 'No LSP is set (LSP_TYPE): items are entered by hand.'
  const { lsp } = choice
  if (barcode === undefined) return wellOrExit(lsp)
  const answer = await lsp.lookUp(barcode)
  const shown = 'record' in answer ? recordLines(answer.record, values.json === true) : ''
  if (answer.kind === 'found') return shown
  if (shown !== '') console.log(shown)
  giveUp([lspDiagnosis(answer, lsp.name)])
}

function recordLines(record: LspRecord, asJson: boolean): string {
  if (asJson) return JSON.stringify(record)
  return Object.entries(record)
    .map(([field, value]) => `${field}: ${value}`)
    .join('\n')
}

async function wellOrExit(lsp: Lsp): Promise<string> {
  const health = await lsp.check()
  if (health.kind !== 'well') giveUp([lspDiagnosis(health, lsp.name)])
  return sentence(`${lsp.name} answers and lets Carrel in`)
}
