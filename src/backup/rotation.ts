import { basename } from 'node:path'
import { HOUR } from '../clock.ts'
import { madeAtOf } from './contents.ts'

const DAY = 24 * HOUR

/** How many backups stay: the last of each of so many days, weeks and months that have any. */
const KEEP: readonly { periods: number; periodOf: (at: number) => string | number }[] = [
  { periods: 7, periodOf: (at) => Math.floor(at / DAY) },
  // 1970-01-01 was a Thursday; weeks begin on Monday.
  { periods: 5, periodOf: (at) => Math.floor((at / DAY + 3) / 7) },
  { periods: 12, periodOf: (at) => new Date(at).toISOString().slice(0, 7) },
]

/**
 * Which backups have had their time. Days, weeks and months are those of UTC.
 *
 * @param files paths or names of backups; others are never in the answer
 */
export function superseded(files: readonly string[]): string[] {
  const backups = files
    .flatMap((file) => {
      const madeAt = madeAtOf(basename(file))
      return madeAt === undefined ? [] : [{ file, madeAt }]
    })
    .sort((a, b) => b.madeAt - a.madeAt)
  const kept = new Set<string>()
  for (const { periods, periodOf } of KEEP) {
    const seen = new Set<string | number>()
    for (const { file, madeAt } of backups) {
      if (seen.has(periodOf(madeAt))) continue
      if (seen.add(periodOf(madeAt)).size > periods) break
      kept.add(file)
    }
  }
  return backups.map(({ file }) => file).filter((file) => !kept.has(file))
}
