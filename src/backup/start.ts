import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Clock } from '../clock.ts'
import { drizzle } from '../db/drizzle.ts'
import { type Db, olderSchema, openDb } from '../db/open.ts'
import { takeLock } from '../lock.ts'
import { makeBackup } from './make.ts'
import { newestSoundBackup } from './newest.ts'

export interface StartOptions {
  readonly databaseFile: string
  readonly backupDir: string
  /** Where the manifests of running loans lie. */
  readonly keptDir: string
  readonly clock: Clock
  /** Named in commands; undefined where they find it by themselves. */
  readonly settingsFile: string | undefined
}

export type Start =
  | {
      readonly kind: 'open'
      readonly db: Db
      /** An older Carrel had left the database: it was backed up and then brought up to date. */
      readonly broughtUp: { readonly from: number; readonly backup: string } | undefined
    }
  | { readonly kind: 'refused'; readonly reason: string }

/**
 * Opens the database for a server that starts. What is lost or damaged is never made anew in
 * silence: the reason names the file and the newest sound backup, with the command to restore it.
 *
 * @throws when a file cannot be opened or written (permissions, a full disk)
 */
export async function openAtStart(options: StartOptions): Promise<Start> {
  const { databaseFile } = options
  if (!existsSync(databaseFile)) {
    const reason = await missing(options)
    if (reason !== undefined) return { kind: 'refused', reason }
  }
  const schema = olderSchema(databaseFile)
  const backup = schema === undefined ? undefined : await backUp(options)
  const opening = openDb(databaseFile)
  if (opening.kind === 'open') {
    const broughtUp = schema && backup ? { from: schema, backup } : undefined
    return { ...opening, broughtUp }
  }
  const { reason, isDamaged } = opening
  if (!isDamaged) return { kind: 'refused', reason }
  return { kind: 'refused', reason: `${reason}; ${await remedy(options)}` }
}

/** Why no database is made in the place of one that is not there. */
async function missing(options: StartOptions): Promise<string | undefined> {
  const { databaseFile, backupDir } = options
  if (!existsSync(dirname(dirname(databaseFile)))) {
    return `database ${databaseFile}: there is no folder ${dirname(databaseFile)}: is its disk there? Make the folder, or correct DATABASE_FILE`
  }
  const backup = await newestSoundBackup(backupDir)
  if (backup === undefined) return undefined
  return `there is no database ${databaseFile}, but backups of one: ${restoring(backup, options)}; to begin with an empty one, give BACKUP_DIR another name`
}

async function remedy(options: StartOptions): Promise<string> {
  const backup = await newestSoundBackup(options.backupDir)
  if (backup === undefined) {
    return `there is no sound backup in ${options.backupDir}: move the file away to begin with an empty one`
  }
  return restoring(backup, options, '--force')
}

function restoring(backup: string, { settingsFile }: StartOptions, ...more: string[]): string {
  const settings = settingsFile === undefined ? [] : ['--settings', settingsFile]
  const command = ['npm run restore --', backup, ...more, ...settings].join(' ')
  return `restore the newest sound backup by \`${command}\``
}

/** In BACKUP_DIR, where the next `npm run backup` looks after it as after every other. */
async function backUp(options: StartOptions): Promise<string> {
  const { databaseFile, backupDir, keptDir, clock } = options
  await mkdir(backupDir, { recursive: true, mode: 0o700 })
  const lock = takeLock(backupDir, 'backup')
  if (lock.kind === 'busy') throw new Error('a backup is being made: start again when it is done')
  const sqlite = new Sqlite(databaseFile)
  try {
    const scratch = join(backupDir, '.scratch')
    const db = drizzle({ client: sqlite })
    return (await makeBackup(db, keptDir, backupDir, scratch, clock.now())).file
  } finally {
    sqlite.close()
    lock.release()
  }
}
