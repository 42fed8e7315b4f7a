import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type Sqlite from 'better-sqlite3'

const FOLDER = join(import.meta.dirname, 'migrations')

/** The number of the newest migration: what `user_version` is in an up-to-date database. */
export function newestVersion(): number {
  return Math.max(...migrations().map(({ version }) => version))
}

/**
 * Applies the migrations that this database has not seen, all in one transaction: it ends as it
 * was or up to date. Several processes may start at once; the later ones find nothing to do, and
 * an up-to-date database is not locked at all.
 *
 * @throws when a migration fails; the database is then unchanged
 */
export function migrate(sqlite: Sqlite.Database): void {
  const version = () => sqlite.pragma('user_version', { simple: true }) as number
  if (version() === newestVersion()) return
  sqlite
    .transaction(() => {
      const seen = version()
      for (const { version, file } of migrations()) {
        if (version <= seen) continue
        sqlite.exec(readFileSync(join(FOLDER, file), 'utf8'))
        sqlite.pragma(`user_version = ${version}`)
      }
    })
    .immediate()
}

function migrations(): { version: number; file: string }[] {
  return readdirSync(FOLDER)
    .filter((file) => /^\d{4}_.+\.sql$/.test(file))
    .sort()
    .map((file) => ({ version: Number(file.slice(0, 4)), file }))
}
