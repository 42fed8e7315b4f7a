import { copyFile, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { EpochMs } from '../clock.ts'
import { newestVersion } from '../db/migrate.ts'
import { sync } from '../durable.ts'
import { type BackupFacts, DATABASE, KEPT } from './contents.ts'
import { unpackBackup } from './pack.ts'
import { backupsIn } from './run.ts'

export interface RestoreOptions {
  /** A backup, or a folder of backups, of which the newest is taken. */
  readonly from: string
  readonly databaseFile: string
  /** Where the manifests of running loans lie. */
  readonly keptDir: string
  /** Put aside a database that is there already. */
  readonly force: boolean
  readonly now: EpochMs
}

export type Restoring =
  | {
      readonly kind: 'restored'
      readonly from: string
      readonly facts: BackupFacts
      /** Where the database that was there is now. */
      readonly setAside: string | undefined
    }
  | { readonly kind: 'refused'; readonly reason: string }

/**
 * Puts a backup in the place of the database, once every byte of it is verified. A database that
 * is there is kept under another name, and none is touched that a process has open.
 *
 * @throws when a file cannot be written; the database that was there is then in its place
 */
export async function restore(options: RestoreOptions): Promise<Restoring> {
  const { databaseFile, keptDir, force, now } = options
  const from = await chosen(options.from)
  if (from === undefined) return refused(`${options.from}: there is no backup`)
  const home = dirname(databaseFile)
  await mkdir(home, { recursive: true })
  const scratch = join(home, `.${basename(databaseFile)}.restore`)
  await rm(scratch, { recursive: true, force: true })
  try {
    const unpacking = await unpackBackup(from, scratch)
    if (unpacking.kind === 'damaged') {
      return refused(`${from} is damaged: ${unpacking.reason}; nothing was changed`)
    }
    const { facts } = unpacking
    if (facts.schema > newestVersion()) {
      return refused(`${from} is of a newer Carrel (schema ${facts.schema}): install that one`)
    }
    const there = await exists(databaseFile)
    if (there && !force) {
      return refused(`${databaseFile} is there: --force puts it aside; nothing was changed`)
    }
    await sync(join(scratch, DATABASE))
    await putManifests(join(scratch, KEPT), keptDir)
    const setAside = there ? asideName(databaseFile, now) : undefined
    if (!(await replace(databaseFile, join(scratch, DATABASE), setAside))) {
      return refused(`${databaseFile} is in use: stop the server first; the database is as it was`)
    }
    await sync(home)
    return { kind: 'restored', from, facts, setAside }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function refused(reason: string): Restoring {
  return { kind: 'refused', reason }
}

async function chosen(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() ? (await backupsIn(path)).at(-1) : found && path
}

/** Beside the database now; a version that is there already is the same by its name. */
async function putManifests(from: string, keptDir: string): Promise<void> {
  const names = await readdir(from)
  if (names.length === 0) return
  await mkdir(keptDir, { recursive: true })
  for (const name of names) {
    const draft = join(keptDir, `.${name}.${crypto.randomUUID()}.partial`)
    await copyFile(join(from, name), draft)
    await sync(draft)
    await rename(draft, join(keptDir, name))
  }
  await sync(keptDir)
}

function asideName(databaseFile: string, now: EpochMs): string {
  return `${databaseFile}.before-restore-${new Date(now).toISOString().replaceAll(':', '')}`
}

/**
 * Puts the new database in the place of the old, which gets another name, while nobody can open
 * it. There is no moment without a database, in which a server that starts would make an empty one.
 *
 * @returns false when a process has the old one open: nothing was changed
 */
async function replace(file: string, fresh: string, aside: string | undefined): Promise<boolean> {
  if (aside === undefined) {
    await rename(fresh, file)
    return true
  }
  const old = new Sqlite(file, { timeout: 0 })
  try {
    if (lockAlone(old) === 'in use') return false
    await link(file, aside)
    for (const end of ['-wal', '-shm']) {
      if (await exists(file + end)) await rename(file + end, aside + end)
    }
    await rename(fresh, file)
    return true
  } finally {
    old.close()
  }
}

/** A damaged database cannot be locked. */
function lockAlone(sqlite: Sqlite.Database): 'locked' | 'in use' | 'damaged' {
  try {
    sqlite.pragma('locking_mode = EXCLUSIVE')
    // Writes the WAL back into the file; refused while any other connection is open.
    const mode = sqlite.pragma('journal_mode = DELETE', { simple: true })
    if (mode !== 'delete') return 'in use'
    sqlite.exec('begin exclusive')
    return 'locked'
  } catch (fault) {
    const { code = '' } = fault as { code?: string }
    if (code.startsWith('SQLITE_BUSY')) return 'in use'
    if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) return 'damaged'
    throw fault
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
