import { type Db, openDb } from './db/open.ts'
import { loadSettings, type Settings } from './settings.ts'

/** What every command and the server do alike when they start: or say why not, and exit 1. */

/** Prints one plain line for each fault on standard error and ends the process. */
export function giveUp(faults: readonly string[]): never {
  for (const fault of faults) console.error(fault)
  process.exit(1)
}

/** @param help what the command can do, said after why this was not understood; exit 2 */
export function misunderstoodWith(help: string): (why: string) => never {
  return (why) => {
    console.error(`${why}\n\n${help}`)
    process.exit(2)
  }
}

/** Node 22 can run these files too, but not all that is in them. */
export function requireNode24(): void {
  const major = Number(process.versions.node.split('.')[0])
  if (major >= 24) return
  giveUp([
    `Carrel needs Node 24, this is ${process.versions.node}: start it by npm, or by node_modules/.bin/node`,
  ])
}

/** @param file the settings file named on the command line */
export function settingsOrExit(file: string | undefined): Settings {
  const reading = loadSettings({ file })
  if (reading.kind === 'faults') giveUp(reading.faults)
  return reading.settings
}

export function openDbOrExit({ databaseFile }: Pick<Settings, 'databaseFile'>): Db {
  try {
    const opening = openDb(databaseFile)
    if (opening.kind === 'refused') giveUp([opening.reason])
    return opening.db
  } catch (cause) {
    giveUp([(cause as Error).message])
  }
}
