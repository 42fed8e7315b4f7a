import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { Db } from '../db/open.ts'
import { type OpenZip, openZip } from '../zip.ts'
import { type ExportManifest, MANIFEST, parseManifest, partName } from './manifest.ts'
import { EXPORTED } from './tables.ts'

export type Importing =
  | { readonly kind: 'imported'; readonly manifest: ExportManifest }
  | { readonly kind: 'refused'; readonly reason: string }

/**
 * Fills an empty database from an export: verified first, then all in one transaction.
 *
 * @throws when a row does not fit the database; it is then empty as before
 */
export async function importAll(db: Db, file: string): Promise<Importing> {
  const { $client } = db
  const full = EXPORTED.find((table) => $client.prepare(`select 1 from "${table}" limit 1`).get())
  if (full !== undefined) return refused(`the database is not empty: it has ${full}`)
  let zip: OpenZip
  try {
    zip = await openZip(file)
  } catch (fault) {
    return refused(`${file}: ${(fault as Error).message}`)
  }
  try {
    const manifest = await verified(zip)
    if (typeof manifest === 'string') return refused(`${file} is damaged: ${manifest}`)
    const schema = $client.pragma('user_version', { simple: true }) as number
    if (manifest.schema !== schema) {
      return refused(
        `${file} is of schema ${manifest.schema}, this Carrel of ${schema}: use the same`,
      )
    }
    $client.exec('begin immediate; pragma defer_foreign_keys = on')
    try {
      for (const table of EXPORTED) await fill(db, table, zip)
      $client.exec('commit')
    } catch (fault) {
      if ($client.inTransaction) $client.exec('rollback')
      throw fault
    }
    return { kind: 'imported', manifest }
  } finally {
    zip.close()
  }
}

function refused(reason: string): Importing {
  return { kind: 'refused', reason }
}

/** @returns the manifest when every file is as it says, or what is wrong */
async function verified(zip: OpenZip): Promise<ExportManifest | string> {
  try {
    const manifest = parseManifest(await text(await zip.read(MANIFEST)))
    const names = manifest.tables.map(({ name }) => name)
    if (names.toSorted().join() !== EXPORTED.toSorted().join()) return 'its tables are not these'
    for (const { name, sha256 } of manifest.tables) {
      const hash = createHash('sha256')
      for await (const chunk of await zip.read(partName(name))) hash.update(chunk)
      if (hash.digest('hex') !== sha256) return `${partName(name)} is not as it was written`
    }
    return manifest
  } catch (fault) {
    return (fault as Error).message.split('\n', 1).join()
  }
}

async function fill({ $client }: Db, table: string, zip: OpenZip): Promise<void> {
  const columns = ($client.pragma(`table_info("${table}")`) as { name: string }[]).map(
    ({ name }) => name,
  )
  const insert = $client.prepare(
    `insert into "${table}" (${columns.map((name) => `"${name}"`).join()})
     values (${columns.map((name) => `@${name}`).join()})`,
  )
  const input = await zip.read(partName(table))
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    insert.run(JSON.parse(line))
  }
}
