import { existsSync, linkSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import { drizzle } from './drizzle.ts'
import { migrate, newestVersion } from './migrate.ts'

/** `$client` is the better-sqlite3 connection beneath. */
export type Db = BetterSQLite3Database & { $client: Sqlite.Database }

export type DbOpening =
  | { readonly kind: 'open'; readonly db: Db }
  /** The file is not one that Carrel may write to; the reason names it and what is wrong. */
  | { readonly kind: 'refused'; readonly reason: string; readonly isDamaged: boolean }

/** `application_id` of a Carrel database: "CRRL" in ASCII. */
const APPLICATION_ID = 0x4352_524c

/** A writer waits this long for another process; better-sqlite3 blocks the event loop meanwhile. */
const BUSY_TIMEOUT_MS = 2_000

interface Refusal {
  readonly reason: string
  /** A backup would mend it. */
  readonly isDamaged: boolean
}

/**
 * Opens the database, makes it when there is none, and brings it up to date. WAL, foreign keys,
 * `synchronous = FULL` (what was acknowledged survives a power cut) and `secure_delete` (an erased
 * patron is overwritten, not only unlinked) hold for the connection.
 *
 * @param file a path, or `:memory:`
 * @throws when the file cannot be opened, read or written (permissions, a full disk)
 */
export function openDb(file: string): DbOpening {
  try {
    if (file !== ':memory:') {
      if (!existsSync(file)) create(file)
      const refused = refusal(file)
      if (refused !== undefined) return { kind: 'refused', ...refused }
    }
    return { kind: 'open', db: drizzle({ client: connect(file) }) }
  } catch (cause) {
    throw new Error(`database ${file}: ${inWords(cause)}`, { cause })
  }
}

/**
 * The schema of a database that an older Carrel left, or undefined: there is none, it is up to
 * date, or it is not one that `openDb` would open.
 */
export function olderSchema(file: string): number | undefined {
  if (!existsSync(file)) return undefined
  const sqlite = new Sqlite(file, { readonly: true, timeout: BUSY_TIMEOUT_MS })
  try {
    const isOurs = sqlite.pragma('application_id', { simple: true }) === APPLICATION_ID
    const version = sqlite.pragma('user_version', { simple: true }) as number
    return isOurs && version < newestVersion() ? version : undefined
  } catch (cause) {
    if (isDamage(cause)) return undefined
    throw new Error(`database ${file}: ${inWords(cause)}`, { cause })
  } finally {
    sqlite.close()
  }
}

const MAY_NOT_WRITE = /^(SQLITE_READONLY|SQLITE_CANTOPEN|EACCES|EPERM|EROFS)/

function inWords(cause: unknown): string {
  const { code = '', message } = cause as { code?: string; message: string }
  return MAY_NOT_WRITE.test(code)
    ? `${message}: let the account that runs Carrel write the file and its folder`
    : message
}

function isDamage(cause: unknown): boolean {
  const { code = '' } = cause as { code?: string }
  return code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')
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
function refusal(file: string): Refusal | undefined {
  const damaged = (how: string) => ({ reason: `database ${file} is ${how}`, isDamaged: true })
  const notOurs = (reason: string) => ({ reason, isDamaged: false })
  if (statSync(file).size === 0) return damaged('empty')
  const sqlite = new Sqlite(file, { readonly: true, timeout: BUSY_TIMEOUT_MS })
  try {
    if (sqlite.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
      return notOurs(
        isDibs(sqlite)
          ? `${file}: this is a DIBS database: give DATABASE_FILE another name and run \`npm run import-dibs -- ${file}\``
          : `${file}: this is not a database of Carrel: give DATABASE_FILE another name`,
      )
    }
    const version = sqlite.pragma('user_version', { simple: true }) as number
    if (version > newestVersion()) {
      return notOurs(
        `database ${file} was written by a newer Carrel (schema ${version}): install that one`,
      )
    }
    if (isCut(sqlite, file)) return damaged('damaged (its end is missing)')
    const check = sqlite.pragma('quick_check(1)', { simple: true })
    return check === 'ok' ? undefined : damaged(`damaged (${String(check).replace(/\s+/g, ' ')})`)
  } catch (cause) {
    if (!isDamage(cause)) throw cause
    return damaged(`damaged (${(cause as Error).message})`)
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
