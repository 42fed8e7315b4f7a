import { constants } from 'node:fs'
import { copyFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { EpochMs } from '../clock.ts'
import type { Db } from '../db/open.ts'
import { type BackupFacts, backupName, DATABASE, KEPT } from './contents.ts'
import { packBackup } from './pack.ts'

export interface Making {
  readonly file: string
  readonly facts: BackupFacts
  /** Items with a running loan whose kept manifest was not found. */
  readonly withoutManifest: readonly string[]
}

/**
 * Backs up the database while others use it, and with it the manifests that running loans read.
 *
 * @param keptDir where these manifests lie: `BARCODE.VERSION.json`
 * @param scratch a folder of its own for this; gone afterwards
 * @throws when the database is damaged or the backup cannot be written
 */
export async function makeBackup(
  db: Db,
  keptDir: string,
  dir: string,
  scratch: string,
  now: EpochMs,
): Promise<Making> {
  await mkdir(join(scratch, KEPT), { recursive: true, mode: 0o700 })
  try {
    const snapshot = join(scratch, DATABASE)
    // One read transaction: all that was committed before it, and nothing that was erased.
    db.$client.prepare('vacuum into ?').run(snapshot)
    const withoutManifest: string[] = []
    for (const { barcode, version } of runningLoans(snapshot, now)) {
      const name = `${barcode}.${version}.json`
      const copied = await copyFile(
        join(keptDir, name),
        join(scratch, KEPT, name),
        constants.COPYFILE_EXCL,
      ).catch((fault: NodeJS.ErrnoException) => {
        if (fault.code !== 'ENOENT') throw fault
        return 'missing'
      })
      if (copied === 'missing') withoutManifest.push(barcode)
    }
    const file = join(dir, backupName(now))
    return { file, facts: await packBackup(scratch, file, now), withoutManifest }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function runningLoans(snapshot: string, now: EpochMs): { barcode: string; version: string }[] {
  const sqlite = new Sqlite(snapshot, { readonly: true })
  try {
    return sqlite
      .prepare(
        `select distinct barcode, manifest_version as version from loans
         where ended_at is null and due_at > ?`,
      )
      .all(now) as { barcode: string; version: string }[]
  } finally {
    sqlite.close()
  }
}
