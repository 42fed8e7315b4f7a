/** The file of the cache on disk: a SQLite database of its own, which may be lost at any time. */
import { randomUUID } from 'node:crypto'
import { closeSync, linkSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { type DiskImages, IMAGES_TABLE, imagesIn, PAGE_BYTES } from './images.ts'

export interface DiskPlace {
  /** Carrel's own: it is made for this account alone. Of other files in it nothing is touched. */
  readonly folder: string
  /** The file is never larger. */
  readonly bytes: number
}

/** One connection. Everything throws what SQLite throws: see `isDamage`. */
export interface DiskFile extends DiskImages {
  /** False when somebody has removed or replaced the file since. */
  isInPlace(): boolean
  close(): void
}

const NAME = 'tiles.db'
/** "CRTL" in ASCII. */
const APPLICATION_ID = 0x4352_544c
/** A file of another version is thrown away: it is only a cache. */
const VERSION = 1
/** SQLite's log lies beside the file and is written back when it is so long. */
const LOG_BYTES = 4 * 1024 * 1024
const BUSY_TIMEOUT_MS = 2_000

/** Opens the file, makes it where there is none, and begins anew where it is larger than allowed. */
export function openDiskFile({ folder, bytes }: DiskPlace): DiskFile {
  const file = join(folder, NAME)
  refuseOthers(file)
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > bytes) removeDiskFile(folder)
  const inode = inodeOf(file) ?? create(file)
  const sqlite = new Sqlite(file, { timeout: BUSY_TIMEOUT_MS })
  try {
    checkVersion(sqlite)
    prepare(sqlite)
    return {
      ...imagesIn(sqlite, bytes),
      isInPlace: () => inodeOf(file) === inode,
      close: () => void sqlite.close(),
    }
  } catch (cause) {
    sqlite.close()
    throw cause
  }
}

/**
 * Whoever has the file open goes on with what has no name any more, until it looks.
 *
 * @throws when it cannot be removed, or is another program's database
 */
export function removeDiskFile(folder: string): void {
  refuseOthers(join(folder, NAME))
  // SQLite removes a log that it finds beside an empty database, so the database goes first.
  for (const end of ['', '-wal', '-shm']) rmSync(join(folder, NAME + end), { force: true })
}

/** Whether the file itself is no good, as against a full disk or missing permissions. */
export function isDamage(cause: unknown): boolean {
  const code = String((cause as { code?: unknown }).code)
  return cause instanceof NoGood || /^SQLITE_(CORRUPT|NOTADB|IOERR_SHORT_READ)/.test(code)
}

class NoGood extends Error {}

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino
}

function prepare(sqlite: Sqlite.Database): void {
  sqlite.pragma(`page_size = ${PAGE_BYTES}`)
  sqlite.pragma('journal_mode = WAL')
  sqlite.pragma('synchronous = NORMAL')
  sqlite.pragma('secure_delete = ON')
  sqlite.pragma(`wal_autocheckpoint = ${LOG_BYTES / PAGE_BYTES}`)
  sqlite.pragma(`journal_size_limit = ${LOG_BYTES}`)
}

/** Under another name first: no other process ever meets one that is half made. */
function create(file: string): number | undefined {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomUUID()}.partial`
  // What SQLite puts beside a file has the mode of that file.
  closeSync(openSync(draft, 'wx', 0o600))
  try {
    const sqlite = new Sqlite(draft)
    prepare(sqlite)
    sqlite.exec(IMAGES_TABLE)
    sqlite.pragma(`application_id = ${APPLICATION_ID}`)
    sqlite.pragma(`user_version = ${VERSION}`)
    sqlite.close()
    linkSync(draft, file)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  } finally {
    for (const end of ['', '-wal', '-shm']) rmSync(draft + end, { force: true })
  }
  return inodeOf(file)
}

/**
 * Before anything is written. SQLite itself is asked: whoever else opens and closes the file takes
 * the locks of this whole process away ("How To Corrupt An SQLite Database File", section 2.2).
 */
function refuseOthers(file: string): void {
  if (inodeOf(file) === undefined) return
  const sqlite = new Sqlite(file, { readonly: true, timeout: BUSY_TIMEOUT_MS })
  try {
    const [pages, id] = pragmas(sqlite, 'page_count', 'application_id')
    if (pages !== 0 && id !== APPLICATION_ID) throw new Error(`${file} is another program's`)
  } catch (cause) {
    if (!isDamage(cause)) throw cause
  } finally {
    sqlite.close()
  }
}

function checkVersion(sqlite: Sqlite.Database): void {
  const [pages, version] = pragmas(sqlite, 'page_count', 'user_version')
  if (pages === 0) throw new NoGood('the file is empty')
  if (version !== VERSION) throw new NoGood('the file was written by another Carrel')
}

function pragmas(sqlite: Sqlite.Database, ...names: string[]): unknown[] {
  return names.map((name) => sqlite.pragma(name, { simple: true }))
}
