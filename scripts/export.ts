import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  argumentsOrExit,
  giveUp,
  misunderstood,
  openDbOrExit,
  settingsOrExit,
} from '../src/command.ts'
import { exportAll } from '../src/exports/export.ts'

const HELP = `Writes the whole database as a zip of JSON.

  npm run export -- FILE.zip [--with-patrons] [--json]

One file a table, one row a line, times in milliseconds UTC, and a manifest with counts and
checksums. Staff are in it by name; patrons are not, and so a loan that is open is in it as ended
now. Manifests, images and covers are not in it. To save a running site, use backup.

  --with-patrons    open and cooling-off loans as they are, with their patrons
  --json            say what was done as JSON
  --settings FILE   the settings file (default: settings.ini)
  --help            this text

Exit: 0 done, 1 refused, 2 not understood.`

await main()

async function main(): Promise<void> {
  const { values, positionals } = argumentsOrExit(HELP, {
    flags: ['with-patrons', 'json'],
    words: 1,
  })
  const [name] = positionals
  if (name === undefined) return misunderstood('give a FILE')
  const file = resolve(name)
  const settings = settingsOrExit(values.settings)
  const { databaseFile } = settings
  if (!existsSync(databaseFile)) giveUp([`there is no database ${databaseFile}`])
  if (existsSync(file)) giveUp([`${file} is there already; nothing was written`])
  const options = { withPatrons: values['with-patrons'] === true, now: Date.now() }
  const { manifest, endedLoans } = await exportAll(openDbOrExit(settings), file, options).catch(
    (fault: Error) => giveUp([`nothing was exported: ${fault.message}`]),
  )
  if (values.json) return console.log(JSON.stringify({ file, ...manifest, endedLoans }, null, 2))
  console.log(`${file}: ${manifest.tables.map((one) => `${one.rows} ${one.name}`).join(', ')}`)
  if (options.withPatrons) console.log('it names patrons: keep it to yourself')
  else if (endedLoans > 0) console.log(`${endedLoans} open loans are in it as ended now`)
}
