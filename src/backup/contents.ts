import { z } from 'zod'
import type { EpochMs } from '../clock.ts'

/** What lies in a backup: a zip of the database, the manifests of running loans, and these facts. */

export const FACTS = 'backup.json'
export const DATABASE = 'carrel.db'
export const KEPT = 'kept-manifests'

const facts = z.object({
  format: z.literal('carrel-backup-1'),
  madeAt: z.int(),
  /** The number of the newest migration that the database has seen. */
  schema: z.int(),
  /** Rows of each table. */
  counts: z.record(z.string(), z.int()),
  /** Loans that still name their patron, open or cooling off. */
  patrons: z.int(),
  /** When the first of these loans ends or ended; null when there are none. */
  firstEndAt: z.int().nullable(),
  files: z.array(z.object({ name: z.string(), sha256: z.string() })),
})

export type BackupFacts = z.infer<typeof facts>

/** @throws when the text is not the facts of a backup */
export function parseFacts(text: string): BackupFacts {
  return facts.parse(JSON.parse(text))
}

/** The file name of a backup. In the order of names, backups stand in the order of time. */
export function backupName(madeAt: EpochMs): string {
  return `carrel-${new Date(madeAt).toISOString().replaceAll(':', '')}.zip`
}

/** When the backup of this name was made, or undefined when it is not the name of one. */
export function madeAtOf(name: string): EpochMs | undefined {
  const parts = /^carrel-(\d{4}-\d\d-\d\dT\d\d)(\d\d)(\d\d\.\d{3}Z)\.zip$/.exec(name)
  if (parts === null) return undefined
  const at = Date.parse(`${parts[1]}:${parts[2]}:${parts[3]}`)
  return Number.isNaN(at) ? undefined : at
}
