import { resolve } from 'node:path'
import {
  argumentsOrExit,
  giveUp,
  misunderstood,
  openDbOrExit,
  settingsOrExit,
} from '../src/command.ts'
import { importAll } from '../src/exports/import.ts'

const HELP = `Fills a new, empty database from what \`export\` wrote.

  npm run import -- FILE.zip [--json]

The file is verified first; then all of it comes in, or nothing. The database of the settings is
made if there is none; one that has anything in it is refused.

  --json            say what was done as JSON
  --settings FILE   the settings file (default: settings.ini)
  --help            this text

Exit: 0 done, 1 refused, 2 not understood.`

await main()

async function main(): Promise<void> {
  const { values, positionals } = argumentsOrExit(HELP, { flags: ['json'], words: 1 })
  const [name] = positionals
  if (name === undefined) return misunderstood('give a FILE')
  const db = openDbOrExit(settingsOrExit(values.settings))
  const importing = await importAll(db, resolve(name)).catch((fault: Error) =>
    giveUp([`nothing was imported: ${fault.message}`]),
  )
  db.$client.close()
  if (importing.kind === 'refused') giveUp([importing.reason])
  const { manifest } = importing
  if (values.json) return console.log(JSON.stringify(manifest, null, 2))
  console.log(`imported ${manifest.tables.map((one) => `${one.rows} ${one.name}`).join(', ')}`)
}
