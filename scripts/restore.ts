import { resolve } from 'node:path'
import { restore } from '../src/backup/restore.ts'
import { argumentsOrExit, giveUp, misunderstood, settingsOrExit } from '../src/command.ts'
import { keptDirOf } from '../src/manifests/kept.ts'

const HELP = `Puts a backup in the place of the database.

  npm run restore -- FILE|DIR [--force] [--json]

FILE is a backup; of a folder DIR of backups the newest is taken. It is verified first, every byte
of it, and nothing happens when it is damaged. Stop the server before.

  --force           put the database that is there aside, under another name beside it
  --json            say what was done as JSON
  --settings FILE   the settings file (default: settings.ini)
  --help            this text

Exit: 0 done, 1 refused, 2 not understood.`

await main()

async function main(): Promise<void> {
  const { values, positionals } = argumentsOrExit(HELP, { flags: ['force', 'json'], words: 1 })
  const [from] = positionals
  if (from === undefined) return misunderstood('give a FILE or DIR')
  const { databaseFile } = settingsOrExit(values.settings)
  const restoring = await restore({
    from: resolve(from),
    databaseFile,
    keptDir: keptDirOf(databaseFile),
    force: values.force === true,
    now: Date.now(),
  }).catch((fault: Error) => giveUp([`not restored: ${fault.message}`]))
  if (restoring.kind === 'refused') giveUp([restoring.reason])
  const { facts, setAside } = restoring
  const madeAt = new Date(facts.madeAt).toISOString()
  if (values.json) {
    const { counts } = facts
    console.log(JSON.stringify({ from: restoring.from, databaseFile, madeAt, counts, setAside }))
    return
  }
  console.log(`${databaseFile} is now as it was at ${madeAt}, from ${restoring.from}`)
  if (setAside === undefined) return
  console.log(`what was there is ${setAside}: remove it when you are sure, for it names patrons`)
}
