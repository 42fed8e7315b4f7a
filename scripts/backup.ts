import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type BackupRun, runBackup } from '../src/backup/run.ts'
import { MINUTE } from '../src/clock.ts'
import {
  argumentsOrExit,
  giveUp,
  misunderstood,
  openDbOrExit,
  settingsOrExit,
} from '../src/command.ts'
import { keptDirOf } from '../src/manifests/kept.ts'
import { counted } from '../src/web/words.ts'

const HELP = `Backs up the database while Carrel runs, and looks after older backups.

  npm run backup -- [--to DIR] [--json]

Makes one file, carrel-DATE.zip, in BACKUP_DIR: the database with its open and cooling-off loans
and their patrons, and the manifests that running loans read. It is read back and verified before
it gets its name. Of older backups, the last of 7 days, 5 weeks and 12 months stay; in each of
them, patrons whose cooling-off period is over are erased. Run it at least once a day.

Manifests, images, scans, covers and settings are plain files: back them up as such.

  --to DIR          a folder other than BACKUP_DIR
  --json            say what was done as JSON
  --settings FILE   the settings file (default: settings.ini)
  --help            this text

Exit: 0 done, 1 a problem (also when only an older backup is damaged), 2 not understood.`

await main()

async function main(): Promise<void> {
  const { values } = argumentsOrExit(HELP, { text: ['to'], flags: ['json'], words: 0 })
  if (values.to === '') misunderstood('--to needs a folder')
  const settings = settingsOrExit(values.settings)
  const { databaseFile } = settings
  if (!existsSync(databaseFile)) giveUp([`there is no database ${databaseFile}`])
  const db = openDbOrExit(settings)
  const run = await runBackup({
    db,
    keptDir: keptDirOf(databaseFile),
    dir: values.to === undefined ? settings.backupDir : resolve(values.to),
    clock: Date,
    reloanWaitMs: settings.reloanWaitMinutes * MINUTE,
  }).catch((fault: Error) => giveUp([`no backup was made: ${fault.message}`]))
  db.$client.close()
  if (run.kind === 'busy') giveUp([`a backup is being made already (process ${run.pid ?? '?'})`])
  console.log(values.json ? JSON.stringify(asJson(run), null, 2) : inWords(run))
  if (run.faults.length > 0) giveUp(run.faults.map((fault) => `a backup is damaged: ${fault}`))
}

type Done = Extract<BackupRun, { kind: 'done' }>

function asJson({ made, forgotten, removed, faults }: Done) {
  const { file, facts, withoutManifest } = made
  const { schema, counts, patrons } = facts
  return { file, schema, counts, patrons, withoutManifest, forgotten, removed, faults }
}

function inWords({ made, forgotten, removed }: Done): string {
  const { counts, patrons } = made.facts
  const rows = Object.entries(counts).map(([table, count]) => `${count} ${table}`)
  return [
    `${made.file}: ${rows.join(', ')}; loans in it that name their patron: ${patrons}`,
    ...made.withoutManifest.map((item) => `item ${item} is on loan, but its manifest is not kept`),
    ...forgotten.map(
      ({ file, loans }) => `${file}: the patrons of ${counted(loans, 'loan')} were erased`,
    ),
    ...removed.map((file) => `${file}: removed, newer ones stand for it`),
  ].join('\n')
}
