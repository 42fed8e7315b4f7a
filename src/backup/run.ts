import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Db } from '../db/open.ts'
import { takeLock } from '../lock.ts'
import { madeAtOf } from './contents.ts'
import { forgetInBackup } from './forget.ts'
import { type Making, makeBackup } from './make.ts'
import { superseded } from './rotation.ts'

export interface BackupOptions {
  readonly db: Db
  /** Where the manifests of running loans lie. */
  readonly keptDir: string
  /** Where backups go; made if need be. */
  readonly dir: string
  readonly clock: Clock
  readonly reloanWaitMs: number
}

export type BackupRun =
  | { readonly kind: 'busy'; readonly pid: number | undefined }
  | {
      readonly kind: 'done'
      readonly made: Making
      /** Older backups in which patrons were erased. */
      readonly forgotten: readonly { readonly file: string; readonly loans: number }[]
      /** Older backups that had had their time. */
      readonly removed: readonly string[]
      /** Older backups that could not be read: patrons in them were not erased. */
      readonly faults: readonly string[]
    }

/**
 * One round of backing up: erases from older backups the patrons whose cooling-off period is over,
 * makes a new one, and removes those that it supersedes.
 *
 * @throws when no backup could be made; no older one is removed then
 */
export async function runBackup(options: BackupOptions): Promise<BackupRun> {
  const { db, keptDir, dir, clock, reloanWaitMs } = options
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const lock = takeLock(dir, 'backup')
  if (lock.kind === 'busy') return lock
  try {
    const scratch = join(dir, '.scratch')
    // What a run left that was cut off.
    await rm(scratch, { recursive: true, force: true })
    const forgotten: { file: string; loans: number }[] = []
    const faults: string[] = []
    for (const file of await backupsIn(dir)) {
      try {
        const loans = await forgetInBackup(file, scratch, clock.now(), reloanWaitMs)
        if (loans > 0) forgotten.push({ file, loans })
      } catch (fault) {
        faults.push(`${file}: ${(fault as Error).message}`)
      }
    }
    const made = await makeBackup(db, keptDir, dir, scratch, clock.now())
    const removed = superseded(await backupsIn(dir))
    for (const file of removed) await rm(file)
    return { kind: 'done', made, forgotten, removed, faults }
  } finally {
    lock.release()
  }
}

/** The backups in a folder, oldest first. */
export async function backupsIn(dir: string): Promise<string[]> {
  const names = await readdir(dir)
  return names
    .filter((name) => madeAtOf(name) !== undefined)
    .sort()
    .map((name) => join(dir, name))
}
