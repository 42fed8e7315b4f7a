import { join } from 'node:path'
import { getTableColumns, getTableName } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { newestVersion } from '../../src/db/migrate.ts'
import * as schema from '../../src/db/schema.ts'
import { testFolder } from '../support/folder.ts'
import { library, openTestDb } from '../support/lending.ts'

function loanTable() {
  const { db, addItem } = library()
  addItem('A', { copies: 2 })
  addItem('B', { copies: 2 })
  const insert = db.$client.prepare(
    `insert into loans (barcode, patron, manifest_version, counted, started_at, due_at)
     values (?, ?, 'v1', 1, 0, 100)`,
  )
  return {
    sql: db.$client,
    lend: (item: string, patron: string | null) => insert.run(item, patron),
  }
}

describe('the database itself', () => {
  it('refuses one loan more than copies', () => {
    const { lend } = loanTable()
    lend('A', 'ann')
    lend('A', 'bob')
    expect(() => lend('A', 'eve')).toThrow(/no copy of this item is left/)
  })

  it('refuses a second open loan of one patron', () => {
    const { lend } = loanTable()
    lend('A', 'ann')
    expect(() => lend('B', 'ann')).toThrow(/UNIQUE/)
  })

  it('refuses to change the end of a loan once it is set, or to open it again', () => {
    const { sql, lend } = loanTable()
    lend('A', 'ann')
    sql.exec("update loans set ended_at = 50, ended_by = 'reader'")
    expect(() => sql.exec('update loans set ended_at = 60')).toThrow(/stays ended/)
    expect(() => sql.exec('update loans set ended_at = null, ended_by = null')).toThrow(
      /stays ended/,
    )
  })

  it('refuses to forget who has an open loan, and to remember whom it forgot', () => {
    const { sql, lend } = loanTable()
    lend('A', 'ann')
    expect(() => sql.exec('update loans set patron = null')).toThrow(/CHECK/)
    sql.exec("update loans set ended_at = 50, ended_by = 'reader', patron = null")
    expect(() => sql.exec("update loans set patron = 'ann'")).toThrow(/stays forgotten/)
  })

  it('refuses a loan of no item, and an end before the start or after the due time', () => {
    const { sql, lend } = loanTable()
    expect(() => lend('nothing', 'ann')).toThrow(/FOREIGN KEY/)
    lend('A', 'ann')
    expect(() => sql.exec("update loans set ended_at = -1, ended_by = 'reader'")).toThrow(/CHECK/)
    expect(() => sql.exec("update loans set ended_at = 101, ended_by = 'time'")).toThrow(/CHECK/)
  })

  it('4.5 ids: gives no number of a loan twice, also when the last one is gone', () => {
    const { sql, lend } = loanTable()
    const first = lend('A', 'ann').lastInsertRowid
    sql.exec('delete from loans')
    expect(lend('A', 'ann').lastInsertRowid).toBe(Number(first) + 1)
  })

  it('has the columns that the code names', () => {
    const { $client } = openTestDb()
    for (const table of Object.values(schema)) {
      const inCode = Object.values(getTableColumns(table)).map(({ name }) => name)
      const inFile = $client
        .prepare('select name from pragma_table_info(?)')
        .pluck()
        .all(getTableName(table))
      expect(inFile.sort()).toEqual(inCode.sort())
    }
  })
})

describe('opening', () => {
  it('4.5 power loss: synchronous is FULL on every open, not only the first, and so the other promises', () => {
    const file = join(testFolder(), 'sub/carrel.db')
    openTestDb(file).$client.close()
    const { $client } = openTestDb(file)
    const pragmas = ['journal_mode', 'synchronous', 'secure_delete', 'foreign_keys', 'user_version']
    expect(pragmas.map((name) => $client.pragma(name, { simple: true }))).toEqual([
      'wal',
      2,
      1,
      1,
      newestVersion(),
    ])
    $client.close()
  })
})
