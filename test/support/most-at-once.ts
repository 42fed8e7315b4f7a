import type Sqlite from 'better-sqlite3'

/**
 * The most loans of an item that ever ran at the same time: each holds a copy from its start up to,
 * but not at, its end.
 */
export function mostLoansAtOnce(sqlite: Sqlite.Database, barcode: string): number {
  const rows = sqlite
    .prepare(
      'select started_at as at, coalesce(ended_at, due_at) as end from loans where barcode = ?',
    )
    .all(barcode) as { at: number; end: number }[]
  const steps = rows
    .filter(({ at, end }) => at < end)
    .flatMap(({ at, end }) => [
      { at, by: 1 },
      { at: end, by: -1 },
    ])
    .sort((a, b) => a.at - b.at || a.by - b.by)
  let open = 0
  return steps.reduce((most, { by }) => {
    open += by
    return Math.max(most, open)
  }, 0)
}
