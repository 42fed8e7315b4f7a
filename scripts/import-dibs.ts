import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { MINUTE } from '../src/clock.ts'
import {
  argumentsOrExit,
  giveUp,
  misunderstood,
  openDbOrExit,
  settingsOrExit,
} from '../src/command.ts'
import { type Imported, importDibs } from '../src/dibs/import.ts'
import { SILENT } from '../src/log.ts'
import { manifestStoreFor } from '../src/manifests/store.ts'
import { differingKeys, loadSettings, type Settings } from '../src/settings.ts'
import { counted } from '../src/web/words.ts'

const HELP = `Takes over a DIBS database: items, staff, open and recent loans, and the history.

  npm run import-dibs -- DIBS.db [--settings-file DIBS-SETTINGS] [--manifests DIR]
                         [--thumbnails DIR] [--json]

Stop DIBS first. Its files are only read. What is here already stays as it is: run again, it
changes nothing. Open loans go on when the item's manifest is here and valid; those that Carrel's
rules forbid (more than copies, a patron's second) end now, the newest first, and are named. Rows
that cannot be taken over are named too, by their number; the others are not held back.

  --settings-file   DIBS's settings.ini: its MANIFEST_DIR and THUMBNAILS_DIR are copied from, and
                    the settings in which it differs from Carrel's are named
  --manifests DIR   where DIBS keeps its manifests
  --thumbnails DIR  where DIBS keeps its covers
  --json            say what was done as JSON
  --settings FILE   Carrel's settings file (default: settings.ini)
  --help            this text

Exit: 0 done, 1 refused, or rows were left out, 2 not understood.`

await main()

async function main(): Promise<void> {
  const { values, positionals } = argumentsOrExit(HELP, {
    text: ['settings-file', 'manifests', 'thumbnails'],
    flags: ['json'],
    words: 1,
  })
  const [file] = positionals
  if (file === undefined) return misunderstood('give the DIBS database')
  const settings = settingsOrExit(values.settings)
  const dibs = values['settings-file'] ? dibsSettings(values['settings-file'], settings) : undefined
  const dibsManifests = folder(values.manifests) ?? dibs?.manifestDir
  const dibsThumbnails = folder(values.thumbnails) ?? dibs?.thumbnailsDir
  const { manifestDir, thumbnailsDir } = settings
  const outcome = await importDibs({
    file: resolve(file),
    db: openDbOrExit(settings),
    manifests: manifestStoreFor(settings, Date, SILENT),
    manifestDir,
    thumbnailsDir,
    dibsManifests,
    dibsThumbnails,
    nameCase: settings.remoteUserCase,
    now: Date.now(),
    reloanWaitMs: settings.reloanWaitMinutes * MINUTE,
  }).catch((fault: Error) => giveUp([`nothing was taken over: ${fault.message}`]))
  if (outcome.kind === 'refused') giveUp([outcome.reason])
  const differing = dibs === undefined ? [] : differingKeys(dibs, settings)
  console.log(values.json ? asJson(outcome, differing) : inWords(outcome, differing))
  if (outcome.badRows.length > 0) process.exitCode = 1
}

/** DIBS's own settings; BASE_URL is the one that they lack. */
function dibsSettings(file: string, { baseUrl }: Settings): Settings {
  const reading = loadSettings({ file, env: { CARREL_BASE_URL: baseUrl } })
  if (reading.kind === 'faults') giveUp(reading.faults)
  return reading.settings
}

function folder(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  if (!existsSync(path)) giveUp([`${path}: there is no such folder`])
  return resolve(path)
}

function asJson({ kind, ended, ...outcome }: Imported, differing: readonly string[]): string {
  const at = (time: number) => new Date(time).toISOString()
  const named = ended.map((loan) => ({ ...loan, startedAt: at(loan.startedAt) }))
  return JSON.stringify({ ...outcome, ended: named, settingsThatDiffer: differing }, null, 2)
}

function inWords(outcome: Imported, differing: readonly string[]): string {
  const { items, staff, openLoans, coolingOffLoans, pastLoans, ended, badRows } = outcome
  const { manifests, thumbnails } = outcome
  const at = (time: number) => new Date(time).toISOString().slice(0, 19).replace('T', ' ')
  return [
    `came over: ${counted(items, 'item')}, ${staff} staff, ${counted(openLoans, 'open loan')}, ` +
      `${counted(coolingOffLoans, 'cooling-off loan')}, ${counted(pastLoans, 'past loan')}, ` +
      `${counted(manifests.copied.length, 'manifest')}, ${counted(thumbnails.copied.length, 'cover')}`,
    ...ended.map(
      ({ barcode, startedAt, why }) =>
        `ended: the loan of ${barcode} that began ${at(startedAt)} UTC (${why})`,
    ),
    ...[...manifests.different, ...thumbnails.different].map(
      (name) => `${name} is here already and says something else: it stays as it is`,
    ),
    ...badRows.map(({ table, row, why }) => `left out: ${table} row ${row}: ${why}`),
    ...differing.map((key) => `settings: ${key} is another one in DIBS's settings file`),
  ].join('\n')
}
