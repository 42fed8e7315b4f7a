import { createHash } from 'node:crypto'
import { link, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import type Sqlite from 'better-sqlite3'
import type { EpochMs } from '../clock.ts'
import type { Db } from '../db/open.ts'
import { sync } from '../durable.ts'
import { writeZip } from '../zip.ts'
import { type ExportManifest, MANIFEST, partName } from './manifest.ts'
import { EXPORTED, unknownTables } from './tables.ts'

export interface Exporting {
  readonly manifest: ExportManifest
  /** Open loans that are in it as ended at its time, for their patrons are not. */
  readonly endedLoans: number
}

/**
 * Writes the whole database as a zip of JSON: one file a table with one row a line, and a manifest
 * with counts and SHA-256. Rows are streamed, all as of one instant.
 *
 * @param file must not be there yet
 * @throws when it is there, cannot be written, or a table is new and nobody said what it holds
 */
export async function exportAll(
  db: Db,
  file: string,
  { withPatrons, now }: { withPatrons: boolean; now: EpochMs },
): Promise<Exporting> {
  const { $client } = db
  const unknown = unknownTables($client)
  if (unknown.length > 0) throw new Error(`nobody has said what to export of ${unknown.join()}`)
  const tables: ExportManifest['tables'] = []
  const manifest: ExportManifest = {
    format: 'carrel-export-1',
    schema: $client.pragma('user_version', { simple: true }) as number,
    madeAt: new Date(now).toISOString(),
    withPatrons,
    tables,
  }
  let endedLoans = 0
  const rows = (table: string) => {
    const all = $client.prepare(`select * from "${table}"`).iterate() as Iterable<Row>
    if (table !== 'loans' || withPatrons) return all
    return withoutPatrons(all, now, () => {
      endedLoans++
    })
  }
  const parts = EXPORTED.map((table) => ({
    name: partName(table),
    open: () => Readable.from(lines(table, rows(table), tables)),
  }))
  // Opened last, when the tables have been written and counted.
  const last = { name: MANIFEST, open: () => Readable.from(JSON.stringify(manifest, null, 2)) }
  const draft = `${file}.${process.pid}.partial`
  try {
    await atOneInstant($client, () => writeZip(draft, [...parts, last], { compress: true }))
    await link(draft, file)
  } finally {
    await rm(draft, { force: true })
  }
  await sync(dirname(file))
  return { manifest, endedLoans }
}

type Row = Record<string, unknown>

async function atOneInstant(sqlite: Sqlite.Database, work: () => Promise<void>): Promise<void> {
  sqlite.exec('begin')
  try {
    await work()
  } finally {
    sqlite.exec('rollback')
  }
}

/** An open loan needs its patron; without, it is one that ended. */
function* withoutPatrons(rows: Iterable<Row>, now: EpochMs, ended: () => void): Iterable<Row> {
  for (const row of rows) {
    if (row.ended_at !== null) {
      yield { ...row, patron: null }
      continue
    }
    const [startedAt, dueAt] = [Number(row.started_at), Number(row.due_at)]
    const over = dueAt <= now
    if (!over) ended()
    yield {
      ...row,
      patron: null,
      ended_at: over ? dueAt : Math.max(startedAt, now),
      ended_by: over ? 'time' : 'staff',
    }
  }
}

const CHUNK = 64 * 1024

/** Adds the table to the list when its last row has been taken. */
function* lines(
  name: string,
  all: Iterable<Row>,
  tables: ExportManifest['tables'],
): Generator<string> {
  const hash = createHash('sha256')
  let rows = 0
  let chunk = ''
  for (const row of all) {
    chunk += `${JSON.stringify(row)}\n`
    rows++
    if (chunk.length < CHUNK) continue
    hash.update(chunk)
    yield chunk
    chunk = ''
  }
  hash.update(chunk)
  if (chunk !== '') yield chunk
  tables.push({ name, rows, sha256: hash.digest('hex') })
}
