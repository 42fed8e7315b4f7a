/** The images in the file of the cache on disk: all of its SQL. */
import { createHash } from 'node:crypto'
import type Sqlite from 'better-sqlite3'
import { DAY, type EpochMs } from '../../clock.ts'

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

/** Everything throws what SQLite throws. */
export interface DiskImages {
  get(key: string): Kept | 'damaged' | undefined
  /** What was used longest ago makes room. What would take more than an eighth is not kept. */
  put(image: KeptNow, now: EpochMs): void
  use(keys: readonly string[], now: EpochMs): void
  drop(key: string): void
  /** Overwrites what is kept of these items, also in SQLite's log. */
  forget(barcodes: readonly string[]): void
  /** Removes what is too old. @returns what is left */
  tidy(now: EpochMs): DiskLevels
}

/** A page that a library took out of a scan, or that an image server draws anew, is gone by then. */
const KEPT_AT_MOST = 30 * DAY

export const PAGE_BYTES = 8192
/** Besides its own bytes an image may need new pages in the table and in its indexes. */
const SPARE_PAGES = 8
/** Rows that are removed in one transaction: others write in between. */
const AT_ONCE = 64

export const IMAGES_TABLE = `
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
  create index images_by_use on images (used_at);`

/** @param most the file is never larger, in bytes */
export function imagesIn(sqlite: Sqlite.Database, most: number): DiskImages {
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
  }
}

/** Of the key too: whatever happens to the file, no image is taken for another. */
function digestOf(key: string, etag: string, bytes: Uint8Array): Buffer {
  return createHash('sha256').update(`${key}\n${etag}\n`).update(bytes).digest()
}
