import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { openAtStart } from './backup/start.ts'
import { type Db, olderSchema, openDb } from './db/open.ts'
import { keptDirOf } from './manifests/kept.ts'
import { loadSettings, type Settings } from './settings.ts'

/** What every command and the server do alike when they start: or say why not, and exit 1. */

/** Prints one plain line for each fault on standard error and ends the process. */
export function giveUp(faults: readonly string[]): never {
  for (const fault of faults) console.error(fault)
  process.exit(1)
}

/** Says why the command line was not understood and ends the process with 2. */
export function misunderstood(why: string): never {
  console.error(`${why}\nSee --help.`)
  process.exit(2)
}

interface Understood<Text extends string, Flag extends string> {
  readonly values: { readonly [name in Text | 'settings']?: string } & {
    readonly [name in Flag]?: boolean
  }
  readonly positionals: readonly string[]
}

/**
 * What a command was told, besides --settings FILE. Asked for --help, it prints `help` and ends.
 *
 * @param text the options that are followed by a text
 * @param flags the options that stand alone
 * @param words how many words there may be beside the options
 */
export function argumentsOrExit<Text extends string = never, Flag extends string = never>(
  help: string,
  options: { text?: readonly Text[]; flags?: readonly Flag[]; words: number },
): Understood<Text, Flag> {
  requireNode24()
  const { text = [], flags = [], words } = options
  const known = Object.fromEntries([
    ...['settings', ...text].map((name) => [name, { type: 'string' }] as const),
    ...['help', ...flags].map((name) => [name, { type: 'boolean' }] as const),
  ])
  const { values, positionals } = parsed(known) as Understood<Text, Flag | 'help'>
  if (values.help) {
    console.log(help)
    process.exit(0)
  }
  const tooMany = positionals.slice(words)
  if (tooMany.length > 0) misunderstood(`too many words: ${tooMany.join(' ')}`)
  return { values, positionals }
}

function parsed(options: NonNullable<ParseArgsConfig['options']>): object {
  try {
    return parseArgs({ allowPositionals: true, options })
  } catch (cause) {
    return misunderstood((cause as Error).message)
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

/** For a command; only the server brings the database of an older Carrel up to date. */
export function openDbOrExit({ databaseFile, backupDir }: Places): Db {
  try {
    const schema = olderSchema(databaseFile)
    if (schema !== undefined) {
      giveUp([
        `database ${databaseFile} is of an older Carrel (schema ${schema}): start the server once, which backs it up and brings it up to date`,
      ])
    }
    const opening = openDb(databaseFile)
    if (opening.kind === 'open') return opening.db
    const { reason, isDamaged } = opening
    giveUp([isDamaged ? `${reason}: restore a backup, from ${backupDir}` : reason])
  } catch (cause) {
    giveUp([(cause as Error).message])
  }
}

/** For the server: as above, and what is older is backed up and brought up to date. */
export async function openDbForServerOrExit(settings: Settings): Promise<Db> {
  const { databaseFile, backupDir, file } = settings
  if (settings.demonstration) mkdirSync(dirname(databaseFile), { recursive: true })
  const start = await openAtStart({
    databaseFile,
    backupDir,
    keptDir: keptDirOf(databaseFile),
    clock: Date,
    settingsFile: file === resolve('settings.ini') ? undefined : file,
  }).catch((fault: Error) => giveUp([fault.message]))
  if (start.kind === 'refused') giveUp([start.reason])
  if (start.broughtUp !== undefined) {
    const { from, backup } = start.broughtUp
    console.error(`database ${databaseFile}: schema ${from} brought up to date; before: ${backup}`)
  }
  return start.db
}

type Places = Pick<Settings, 'databaseFile' | 'backupDir'>
