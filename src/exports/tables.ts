import type Sqlite from 'better-sqlite3'

/**
 * What an export does with each table, in the order in which an import fills them: loans before
 * items, for the triggers on new loans guard lending, not what is past.
 */
export const TABLES: Readonly<Record<string, 'exported' | 'left out'>> = {
  loans: 'exported',
  items: 'exported',
  people: 'exported',
  audit: 'exported',
  totals: 'exported',
  lengths: 'exported',
  // Of the machine, not of the library.
  clock: 'left out',
  barcode_changes: 'left out',
  // Addresses of patrons, until their mail is delivered.
  outbox: 'left out',
}

export const EXPORTED = Object.keys(TABLES).filter((name) => TABLES[name] === 'exported')

/** Tables of which nobody has said whether they name patrons; indexes for a search are none. */
export function unknownTables(sqlite: Sqlite.Database): string[] {
  const all = sqlite.pragma('table_list') as { schema: string; name: string; type: string }[]
  return all
    .filter(({ schema, type }) => schema === 'main' && type === 'table')
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('sqlite_') && !(name in TABLES))
}
