import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'

export type Row = Readonly<Record<string, unknown>>

export interface DibsFile {
  /** The columns of a table; none when there is no such table. */
  columns(table: string): readonly string[]
  rows(table: string): IterableIterator<Row>
  close(): void
}

export type DibsOpening =
  | { readonly kind: 'open'; readonly dibs: DibsFile }
  | { readonly kind: 'refused'; readonly reason: string }

const TABLES = ['item', 'loan', 'history', 'person']

/**
 * Opens a DIBS database by a copy of it, for SQLite may write even when it only reads (a hot
 * journal, a WAL). The copy goes with `close`.
 */
export function openDibs(file: string): DibsOpening {
  if (!existsSync(file)) return refused(`${file}: there is no such file`)
  const folder = mkdtempSync(join(tmpdir(), 'carrel-dibs-'))
  try {
    const copy = join(folder, 'dibs.db')
    if (!copyWhole(file, copy)) {
      rmSync(folder, { recursive: true })
      return refused(`${file} is being written to: stop DIBS first`)
    }
    const sqlite = new Sqlite(copy)
    const close = () => {
      sqlite.close()
      rmSync(folder, { recursive: true, force: true })
    }
    const reason = faultIn(sqlite)
    if (reason === undefined) return { kind: 'open', dibs: readerOf(sqlite, close) }
    close()
    return refused(`${file}: ${reason}`)
  } catch (cause) {
    rmSync(folder, { recursive: true, force: true })
    throw new Error(`${file}: ${(cause as Error).message}`, { cause })
  }
}

/** Copies the file and what was not written back into it. @returns false when it changed meanwhile */
function copyWhole(file: string, copy: string): boolean {
  const stamp = () =>
    ['', '-wal', '-journal'].map((end) => {
      const found = existsSync(file + end) ? statSync(file + end) : undefined
      return `${found?.mtimeMs} ${found?.size}`
    })
  const before = stamp()
  for (const end of ['', '-wal', '-journal']) {
    if (existsSync(file + end)) copyFileSync(file + end, copy + end)
  }
  return before.join() === stamp().join()
}

function faultIn(sqlite: Sqlite.Database): string | undefined {
  try {
    const check = sqlite.pragma('integrity_check(1)', { simple: true })
    if (check !== 'ok') return `the database is damaged (${check})`
    const found = sqlite
      .prepare("select name from sqlite_master where type = 'table'")
      .pluck()
      .all()
    const missing = TABLES.filter((table) => !found.includes(table))
    return missing.length === 0
      ? undefined
      : `this is not a database of DIBS: it has no table ${missing.join(', ')}`
  } catch (cause) {
    const { code = '', message } = cause as { code?: string; message: string }
    if (code !== 'SQLITE_NOTADB' && !code.startsWith('SQLITE_CORRUPT')) throw cause
    return `the database is damaged (${message})`
  }
}

function readerOf(sqlite: Sqlite.Database, close: () => void): DibsFile {
  return {
    columns: (table) =>
      (sqlite.pragma(`table_info("${table}")`) as { name: string }[]).map(({ name }) => name),
    rows: (table) =>
      sqlite
        .prepare(`select rowid as _rowid, * from "${table}"`)
        .iterate() as IterableIterator<Row>,
    close,
  }
}

function refused(reason: string): DibsOpening {
  return { kind: 'refused', reason }
}
