import { existsSync, linkSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3'
import { migrate, newestVersion } from './migrate.ts'

/** `$client` is the better-sqlite3 connection beneath. */
export type Db = BetterSQLite3Database & { $client: Sqlite.Database }

export type DbOpening =
  | { readonly kind: 'open'; readonly db: Db }
  /** The file is not one that Carrel may write to; the reason names it and the remedy. */
  | { readonly kind: 'refused'; readonly reason: string }

/** `application_id` of a Carrel database: "CRRL" in ASCII. */
const APPLICATION_ID = 0x4352_524c

/** A writer waits this long for another process; better-sqlite3 blocks the event loop meanwhile. */
const BUSY_TIMEOUT_MS = 2_000

/**
 * Opens the database, makes it when there is none, and brings it up to date. WAL, foreign keys,
 * `synchronous = FULL` (what was acknowledged survives a power cut) and `secure_delete` (an erased
 * patron is overwritten, not only unlinked) hold for the connection.
 *
 * @param file a path, or `:memory:`
 * @throws when the file cannot be opened or read (permissions, a full disk)
 */
export function openDb(file: string): DbOpening {
  try {
    if (file !== ':memory:') {
      if (!existsSync(file)) create(file)
      const reason = refusal(file)
      if (reason !== undefined) return { kind: 'refused', reason }
    }
    return { kind: 'open', db: drizzle({ client: connect(file) }) }
  } catch (cause) {
    throw new Error(`database ${file}: ${(cause as Error).message}`, { cause })
  }
}

/** A connection with the promises of `openDb`, to an up-to-date database. */
function connect(file: string): Sqlite.Database {
  const sqlite = new Sqlite(file, { timeout: BUSY_TIMEOUT_MS })
  sqlite.pragma('journal_mode = WAL')
  sqlite.pragma('synchronous = FULL')
  sqlite.pragma('secure_delete = ON')
  sqlite.pragma('foreign_keys = ON')
  sqlite.pragma('temp_store = MEMORY')
  migrate(sqlite)
  return sqlite
}

/** Makes the database under another name first: nobody ever meets one that is half made. */
function create(file: string): void {
  mkdirSync(dirname(file), { recursive: true })
  const draft = `${file}.new-${process.pid}`
  rmSync(draft, { force: true })
  const sqlite = connect(draft)
  sqlite.pragma(`application_id = ${APPLICATION_ID}`)
  sqlite.close()
  try {
    linkSync(draft, file)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  } finally {
    rmSync(draft)
  }
}

/** Why this file must not be written to, or undefined when it is a sound database of Carrel. */
function refusal(file: string): string | undefined {
  if (statSync(file).size === 0) return `database ${file} is empty: restore a backup, or remove it`
  const sqlite = new Sqlite(file, { readonly: true, timeout: BUSY_TIMEOUT_MS })
  try {
    if (sqlite.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
      return isDibs(sqlite)
        ? `${file}: this is a DIBS database: give DATABASE_FILE another name and run \`npm run import-dibs -- ${file}\``
        : `${file}: this is not a database of Carrel: give DATABASE_FILE another name`
    }
    const version = sqlite.pragma('user_version', { simple: true }) as number
    if (version > newestVersion()) {
      return `database ${file} was written by a newer Carrel (schema ${version}): install that one`
    }
    const check = isCut(sqlite, file)
      ? 'its end is missing'
      : sqlite.pragma('quick_check(1)', { simple: true })
    return check === 'ok' ? undefined : `database ${file} is damaged (${check}): restore a backup`
  } catch (cause) {
    const { code, message } = cause as InstanceType<typeof Sqlite.SqliteError>
    if (code !== 'SQLITE_NOTADB' && !code?.startsWith('SQLITE_CORRUPT')) throw cause
    return `database ${file} is damaged (${message}): restore a backup`
  } finally {
    sqlite.close()
  }
}

/** quick_check does not see a file that was cut inside its last page; its own header does. */
function isCut(sqlite: Sqlite.Database, file: string): boolean {
  // With a log that is not written back yet, the file may rightly be shorter.
  if (existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0) return false
  const [pages, bytes] = ['page_count', 'page_size'].map((name) =>
    sqlite.pragma(name, { simple: true }),
  )
  return Number(pages) * Number(bytes) > statSync(file).size
}

function isDibs(sqlite: Sqlite.Database): boolean {
  const tables = sqlite.prepare("select name from sqlite_master where type = 'table'").pluck().all()
  return ['item', 'loan', 'history', 'person'].every((name) => tables.includes(name))
}
