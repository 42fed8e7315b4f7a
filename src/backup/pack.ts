import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import Sqlite from 'better-sqlite3'
import type { EpochMs } from '../clock.ts'
import { sync } from '../durable.ts'
import { type OpenZip, openZip, writeZip } from '../zip.ts'
import { type BackupFacts, DATABASE, FACTS, KEPT, parseFacts } from './contents.ts'
import { damageIn, databaseFacts } from './database.ts'

export type Unpacking =
  | { readonly kind: 'unpacked'; readonly facts: BackupFacts }
  | { readonly kind: 'damaged'; readonly reason: string }

/**
 * Packs the folder's database and kept manifests into a backup, reads it back whole, and only then
 * gives it its name. What had that name is replaced.
 *
 * @throws when the database is damaged, or the backup cannot be written or read back
 */
export async function packBackup(
  folder: string,
  target: string,
  madeAt: EpochMs,
): Promise<BackupFacts> {
  const names = [DATABASE, ...(await keptIn(folder))]
  const facts: BackupFacts = {
    format: 'carrel-backup-1',
    madeAt,
    ...soundFacts(join(folder, DATABASE)),
    files: await Promise.all(
      names.map(async (name) => ({
        name,
        sha256: await sha256(createReadStream(join(folder, name))),
      })),
    ),
  }
  const draft = join(folder, 'draft.zip')
  await rm(draft, { force: true })
  // Not compressed, so that anybody can look for a name in it.
  await writeZip(
    draft,
    [
      { name: FACTS, open: () => Readable.from(JSON.stringify(facts, null, 2)) },
      ...names.map((name) => ({ name, open: () => createReadStream(join(folder, name)) })),
    ],
    { compress: false },
  )
  await reread(draft)
  await rename(draft, target)
  await sync(dirname(target))
  return facts
}

/** What the backup says of itself; the rest of it is not looked at. @throws when it is damaged */
export async function readFacts(file: string): Promise<BackupFacts> {
  return withZip(file, factsIn)
}

/** Unpacks a backup into a new folder and checks every byte of it. */
export async function unpackBackup(file: string, folder: string): Promise<Unpacking> {
  try {
    await mkdir(join(folder, KEPT), { recursive: true, mode: 0o700 })
    const facts = await withZip(file, (zip) =>
      checkFiles(zip, async (name, from) => {
        await pipeline(from, createWriteStream(join(folder, name), { flags: 'wx', mode: 0o600 }))
        return createReadStream(join(folder, name))
      }),
    )
    const { schema, counts } = soundFacts(join(folder, DATABASE))
    if (schema !== facts.schema || JSON.stringify(counts) !== JSON.stringify(facts.counts)) {
      throw new Error('its tables do not hold as many rows as they did')
    }
    return { kind: 'unpacked', facts }
  } catch (fault) {
    return { kind: 'damaged', reason: (fault as Error).message }
  }
}

/** Reads a backup from beginning to end. @throws when anything in it is not as it was written */
export async function reread(file: string): Promise<BackupFacts> {
  return withZip(file, (zip) => checkFiles(zip, async (_, from) => from))
}

/** Checks each file against its sum. `take` may store the file and give what it stored. */
async function checkFiles(
  zip: OpenZip,
  take: (name: string, from: Readable) => Promise<Readable>,
): Promise<BackupFacts> {
  const facts = await factsIn(zip)
  for (const { name, sha256: expected } of facts.files) {
    if (name !== DATABASE && !KEPT_NAME.test(name)) throw new Error(`it holds ${name}`)
    const found = await sha256(await take(name, await zip.read(name)))
    if (found !== expected) throw new Error(`${name} in it is not as it was written`)
  }
  if (!facts.files.some(({ name }) => name === DATABASE)) throw new Error('it has no database')
  return facts
}

const KEPT_NAME = new RegExp(String.raw`^${KEPT}/[A-Za-z0-9][A-Za-z0-9._-]*\.json$`)

async function factsIn(zip: OpenZip): Promise<BackupFacts> {
  const content = await text(await zip.read(FACTS))
  try {
    return parseFacts(content)
  } catch (cause) {
    throw new Error(`${FACTS} in it is not as it was written`, { cause })
  }
}

/** @throws when the database is damaged */
function soundFacts(path: string) {
  const sqlite = new Sqlite(path, { readonly: true })
  try {
    const damage = damageIn(sqlite)
    if (damage !== undefined) throw new Error(`the database is damaged: ${damage}`)
    return databaseFacts(sqlite)
  } finally {
    sqlite.close()
  }
}

async function keptIn(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, KEPT))
  return names.sort().map((name) => `${KEPT}/${name}`)
}

async function withZip<Result>(file: string, use: (zip: OpenZip) => Promise<Result>) {
  const zip = await openZip(file)
  try {
    return await use(zip)
  } finally {
    zip.close()
  }
}

async function sha256(from: Readable): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of from) hash.update(chunk)
  return hash.digest('hex')
}
