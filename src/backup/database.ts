import type Sqlite from 'better-sqlite3'

/** What a backup says of its database, read from the database itself. */
export interface DatabaseFacts {
  readonly schema: number
  readonly counts: Readonly<Record<string, number>>
  readonly patrons: number
  readonly firstEndAt: number | null
}

export function databaseFacts(sqlite: Sqlite.Database): DatabaseFacts {
  const names = sqlite
    .prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")
    .pluck()
    .all() as string[]
  const rows = (name: string) => sqlite.prepare(`select count(*) from "${name}"`).pluck().get()
  const named = sqlite
    .prepare(
      `select count(*) as patrons, min(coalesce(ended_at, due_at)) as firstEndAt
       from loans where patron is not null`,
    )
    .get() as Pick<DatabaseFacts, 'patrons' | 'firstEndAt'>
  return {
    schema: sqlite.pragma('user_version', { simple: true }) as number,
    counts: Object.fromEntries(names.sort().map((name) => [name, rows(name) as number])),
    ...named,
  }
}

/** The whole of the file read and checked. @returns what is wrong in it, or undefined */
export function damageIn(sqlite: Sqlite.Database): string | undefined {
  const found = sqlite.pragma('integrity_check(1)', { simple: true }) as string
  if (found !== 'ok') return found
  const [row] = sqlite.pragma('foreign_key_check') as { table: string }[]
  return row === undefined ? undefined : `a row of ${row.table} refers to nothing`
}
