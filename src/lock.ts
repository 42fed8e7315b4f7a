import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'

export interface Lock {
  readonly kind: 'held'
  release(): void
}

/** Another run is at it. */
export interface Busy {
  readonly kind: 'busy'
  /** Its process, or undefined in the instant in which it begins or ends. */
  readonly pid: number | undefined
}

/**
 * The right to do one thing, such as converting one item's scans, among all processes. It is a
 * write lock on an empty SQLite file in `DIR/.locks`, which the operating system takes back when
 * the process dies, however it dies: there is nothing stale to recognise. The file stays, for who
 * removes it could remove another's lock.
 */
export function takeLock(dir: string, name: string): Lock | Busy {
  const folder = join(dir, '.locks')
  const pidFile = join(folder, `${name}.pid`)
  mkdirSync(folder, { recursive: true })
  const sqlite = new Sqlite(join(folder, `${name}.lock`), { timeout: 0 })
  try {
    sqlite.exec('begin immediate')
  } catch (cause) {
    sqlite.close()
    if ((cause as InstanceType<typeof Sqlite.SqliteError>).code !== 'SQLITE_BUSY') throw cause
    return { kind: 'busy', pid: readPid(pidFile) }
  }
  try {
    writeFileSync(pidFile, String(process.pid))
  } catch (cause) {
    sqlite.close()
    throw cause
  }
  return {
    kind: 'held',
    release() {
      try {
        rmSync(pidFile, { force: true })
      } finally {
        sqlite.close()
      }
    },
  }
}

function readPid(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined
  } catch {
    return undefined
  }
}
