/** The file of the cache on disk: a SQLite database of its own, which may be lost at any time. */
import { createHash, randomUUID } from 'node:crypto'
import { closeSync, linkSync, mkdirSync, openSync, readSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { DAY, type EpochMs } from '../clock.ts'

export interface DiskPlace {
  /** Carrel's own: it is made for this account alone. Of other files in it nothing is touched. */
  readonly folder: string
  /** The file is never larger. */
  readonly bytes: number
}

/** `etag`: empty for what needs none. */
export interface Kept {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly etag: string
}

export interface KeptNow extends Kept {
  readonly key: string
  /** Of the item: all that is kept of it can be forgotten together. */
  readonly barcode: string
}

export interface DiskLevels {
  readonly bytes: number
  readonly images: number
  readonly barcodes: readonly string[]
}

/** One connection. Everything throws what SQLite throws: see `isDamage`. */
export interface DiskFile {
  get(key: string): Kept | 'damaged' | undefined
  /** What was used longest ago makes room. What would take more than an eighth is not kept. */
  put(image: KeptNow, now: EpochMs): void
  use(keys: readonly string[], now: EpochMs): void
  drop(key: string): void
  /** Overwrites what is kept of these items, also in SQLite's log. */
  forget(barcodes: readonly string[]): void
  /** Removes what is too old. @returns what is left */
  tidy(now: EpochMs): DiskLevels
  /** False when somebody has removed or replaced the file since. */
  isInPlace(): boolean
  close(): void
}

/** A page that a library took out of a scan, or that an image server draws anew, is gone by then. */
const KEPT_AT_MOST = 30 * DAY

const NAME = 'tiles.db'
/** "CRTL" in ASCII. */
const APPLICATION_ID = 0x4352_544c
/** A file of another version is thrown away: it is only a cache. */
const VERSION = 1
const PAGE_BYTES = 8192
/** SQLite's log lies beside the file and is written back when it is so long. */
const LOG_BYTES = 4 * 1024 * 1024
/** Besides its own bytes an image may need new pages in the table and in its indexes. */
const SPARE_PAGES = 8
const BUSY_TIMEOUT_MS = 2_000
const AT_ONCE = 64
const HEAD_BYTES = 100

const SCHEMA = `
  create table images (
    id integer primary key,
    key text not null unique,
    barcode text not null,
    etag text not null,
    kept_at integer not null,
    used_at integer not null,
    digest blob not null,
    bytes blob not null
  ) strict;
  create index images_by_barcode on images (barcode);
  create index images_by_age on images (kept_at);
  create index images_by_use on images (used_at);
  pragma application_id = ${APPLICATION_ID};
  pragma user_version = ${VERSION};`

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
    return { ...actsOn(sqlite, bytes), isInPlace: () => inodeOf(file) === inode }
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
    sqlite.exec(SCHEMA)
    sqlite.close()
    linkSync(draft, file)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  } finally {
    for (const end of ['', '-wal', '-shm']) rmSync(draft + end, { force: true })
  }
  return inodeOf(file)
}

/** By its head, before anything is written ("Database File Format", section 1.3). */
function refuseOthers(file: string): void {
  if (inodeOf(file) === undefined) return
  const head = headOf(file)
  const isDatabase =
    head.length === HEAD_BYTES && head.toString('latin1', 0, 16) === 'SQLite format 3\0'
  if (isDatabase && head.readUInt32BE(68) !== APPLICATION_ID) {
    throw new Error(`${file} is another program's`)
  }
}

function headOf(file: string): Buffer {
  const handle = openSync(file, 'r')
  try {
    const head = Buffer.alloc(HEAD_BYTES)
    return head.subarray(0, readSync(handle, head))
  } finally {
    closeSync(handle)
  }
}

function checkVersion(sqlite: Sqlite.Database): void {
  const [pages, version] = ['page_count', 'user_version'].map((name) =>
    sqlite.pragma(name, { simple: true }),
  )
  if (pages === 0) throw new NoGood('the file is empty')
  if (version !== VERSION) throw new NoGood('the file was written by another Carrel')
}

function actsOn(sqlite: Sqlite.Database, most: number): Omit<DiskFile, 'isInPlace'> {
  const find = sqlite.prepare<[string], Kept & { digest: Buffer }>(
    'select etag, digest, bytes from images where key = ?',
  )
  const insert = sqlite.prepare(
    `insert or replace into images (key, barcode, etag, kept_at, used_at, digest, bytes)
     values (?, ?, ?, ?, ?, ?, ?)`,
  )
  const useOne = sqlite.prepare('update images set used_at = ? where key = ?')
  const dropOne = sqlite.prepare('delete from images where key = ?')
  const some = (which: string) =>
    sqlite.prepare(`delete from images where id in (select id from images ${which})`)
  const dropUnused = some('order by used_at limit 4')
  const dropOld = some(`where kept_at < ? limit ${AT_ONCE}`)
  const dropOf = some(`where barcode = ? limit ${AT_ONCE}`)
  const count = sqlite.prepare<[], number>('select count(*) from images').pluck()
  const barcodes = sqlite.prepare<[], string>('select distinct barcode from images').pluck()
  const usedPages = sqlite
    .prepare<[], number>(
      `select (select page_count from pragma_page_count)
            - (select freelist_count from pragma_freelist_count)`,
    )
    .pluck()
  const inUse = () => (usedPages.get() ?? 0) * PAGE_BYTES

  function makeRoom(bytes: number): void {
    // Each page of what is larger than one begins with the number of the next, in four bytes.
    const needed = (Math.ceil(bytes / (PAGE_BYTES - 4)) + SPARE_PAGES) * PAGE_BYTES
    while (inUse() + needed > most && dropUnused.run().changes > 0);
  }
  const put = sqlite.transaction(({ key, barcode, etag, bytes }: KeptNow, now: EpochMs) => {
    makeRoom(bytes.length)
    insert.run(key, barcode, etag, now, now, digestOf(key, etag, bytes), bytes)
  })
  const use = sqlite.transaction((keys: readonly string[], now: EpochMs) => {
    for (const key of keys) useOne.run(now, key)
  })
  return {
    get(key) {
      const found = find.get(key)
      if (found === undefined) return undefined
      const { etag, digest, bytes } = found
      return digest.equals(digestOf(key, etag, bytes)) ? { etag, bytes } : 'damaged'
    },
    put(image, now) {
      if (image.bytes.length <= most / 8) put.immediate(image, now)
    },
    use: (keys, now) => use.immediate(keys, now),
    drop: (key) => void dropOne.run(key),
    forget(gone) {
      for (const barcode of gone) while (dropOf.run(barcode).changes > 0);
      sqlite.pragma('wal_checkpoint(TRUNCATE)')
    },
    tidy(now) {
      while (dropOld.run(now - KEPT_AT_MOST).changes > 0);
      sqlite.pragma('wal_checkpoint(TRUNCATE)')
      return { bytes: inUse(), images: count.get() ?? 0, barcodes: barcodes.all() }
    },
    close: () => void sqlite.close(),
  }
}

/** Of the key too: whatever happens to the file, no image is taken for another. */
function digestOf(key: string, etag: string, bytes: Uint8Array): Buffer {
  return createHash('sha256').update(`${key}\n${etag}\n`).update(bytes).digest()
}
