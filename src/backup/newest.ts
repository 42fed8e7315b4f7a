import { newestVersion } from '../db/migrate.ts'
import { reread } from './pack.ts'
import { backupsIn } from './run.ts'

/** How many backups are read before the search is given up: each takes as long as it is large. */
const MOST_TRIED = 10

/**
 * The newest backup of a folder that could be restored now: read from beginning to end.
 *
 * @returns undefined when there is none, or none that is sound
 */
export async function newestSoundBackup(dir: string): Promise<string | undefined> {
  const newestFirst = (await backupsIn(dir).catch(() => [])).reverse()
  for (const file of newestFirst.slice(0, MOST_TRIED)) {
    const facts = await reread(file).catch(() => undefined)
    if (facts !== undefined && facts.schema <= newestVersion()) return file
  }
  return undefined
}
