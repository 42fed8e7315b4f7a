import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  giveUp,
  misunderstoodWith,
  openDbOrExit,
  requireNode24,
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

const misunderstood: (why: string) => never = misunderstoodWith(HELP)

requireNode24()
await main()

async function main(): Promise<void> {
  const { values, positionals } = readArguments()
  if (values.help) return console.log(HELP)
  const [name, ...rest] = positionals
  if (name === undefined) return misunderstood('give a FILE')
  if (rest.length > 0) misunderstood(`too many words: ${rest.join(' ')}`)
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

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        settings: { type: 'string' },
        help: { type: 'boolean' },
      },
    })
  } catch (cause) {
    return misunderstood((cause as Error).message)
  }
}
