import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { EpochMs } from '../clock.ts'
import { openDb } from '../db/open.ts'
import { loanQueries } from '../loans/queries.ts'
import { coolingOffEnd, coolingOffOver } from '../loans/rules.ts'
import { DATABASE } from './contents.ts'
import { packBackup, readFacts, unpackBackup } from './pack.ts'

/**
 * Erases from a backup every patron whose cooling-off period is over by now, so that who read what
 * is forgotten there too. The backup is written anew, and replaced when the new one is sound.
 *
 * @param scratch a folder of its own for this; gone afterwards
 * @returns how many loans named a patron and do not any more
 * @throws when the backup is damaged or cannot be written; it then stays as it was
 */
export async function forgetInBackup(
  file: string,
  scratch: string,
  now: EpochMs,
  reloanWaitMs: number,
): Promise<number> {
  const { firstEndAt, madeAt } = await readFacts(file)
  if (firstEndAt === null || now < coolingOffEnd(firstEndAt, reloanWaitMs)) return 0
  await mkdir(scratch, { recursive: true, mode: 0o700 })
  try {
    const unpacking = await unpackBackup(file, scratch)
    if (unpacking.kind === 'damaged') throw new Error(unpacking.reason)
    const forgotten = forgetIn(join(scratch, DATABASE), now, reloanWaitMs)
    await packBackup(scratch, file, madeAt)
    return forgotten
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function forgetIn(path: string, now: EpochMs, reloanWaitMs: number): number {
  const opening = openDb(path)
  if (opening.kind === 'refused') throw new Error(opening.reason)
  const { db } = opening
  try {
    const loans = loanQueries(db)
    loans.stampAllOverdue(now)
    const forgotten = loans.forgetEndedBy(coolingOffOver(now, reloanWaitMs))
    // Written anew from what is left: nothing of a name stays in free pages or beside the file.
    db.$client.pragma('journal_mode = DELETE')
    db.$client.exec('vacuum')
    return forgotten
  } finally {
    db.$client.close()
  }
}
