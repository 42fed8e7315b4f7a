import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from '../../src/clock.ts'
import { unknownTables } from '../../src/exports/tables.ts'
import { openZip } from '../../src/zip.ts'
import { library, openTestDb } from '../support/lending.ts'
import { scriptFolder } from '../support/scripts.ts'

const CANARY = 'canary-7f3a@example.org'
const TABLES = ['items', 'people', 'loans', 'audit']

function lendingSite() {
  const site = scriptFolder()
  const { addItem, db } = library(site.database)
  addItem('A', { copies: 1 })
  addItem('B', { copies: 0 })
  const now = Date.now()
  const insert = db.$client.prepare(
    `insert into loans (barcode, patron, manifest_version, counted, started_at, due_at, ended_at, ended_by)
     values (?, ?, 'v', 1, ?, ?, ?, ?)`,
  )
  insert.run('A', null, now - 9 * HOUR, now - 7 * HOUR, now - 8 * HOUR, 'reader')
  insert.run('B', null, now - 9 * HOUR, now - 7 * HOUR, now - 7 * HOUR, 'time')
  insert.run('A', CANARY, now - 2 * HOUR, now + HOUR, now - MINUTE, 'reader')
  insert.run('A', CANARY, now - MINUTE, now + HOUR, null, null)
  db.$client.exec("insert into people values ('lee', 'library')")
  db.$client.exec("insert into audit (at, staff, act, barcode) values (1, 'lee', 'add', 'A')")
  db.$client.close()
  return site
}

function dump(file: string) {
  const sqlite = new Sqlite(file, { readonly: true })
  const rows = TABLES.map((table) => sqlite.prepare(`select * from ${table} order by 1`).all())
  sqlite.close()
  return rows
}

async function contentOf(file: string): Promise<string> {
  const zip = await openZip(file)
  const parts = await Promise.all(zip.names.map(async (name) => text(await zip.read(name))))
  zip.close()
  return parts.join('\n')
}

describe('export and import', () => {
  it('bring everything into an empty database, with patrons when told to', async () => {
    const { database, run, folder } = lendingSite()
    const file = join(folder, 'all.zip')
    expect(await run('export', file, '--with-patrons')).toMatchObject({ code: 0, err: '' })
    expect(await contentOf(file)).toContain(CANARY)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const other = scriptFolder()
    expect(await other.run('import', file)).toMatchObject({
      code: 0,
      out: 'imported 4 loans, 2 items, 1 people, 1 audit, 0 totals, 0 lengths\n',
    })
    expect(dump(other.database)).toEqual(dump(database))
    expect(await other.run('import', file)).toMatchObject({
      code: 1,
      err: 'the database is not empty: it has loans\n',
    })
    expect(await run('export', file)).toMatchObject({ code: 1 })
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([])
  })

  it('1.7 export: hold no patron otherwise: an open loan is in it as ended', async () => {
    const { run, folder } = lendingSite()
    const file = join(folder, 'all.zip')
    const { out } = await run('export', file, '--json')
    expect(JSON.parse(out)).toMatchObject({ withPatrons: false, endedLoans: 1 })
    expect(await contentOf(file)).not.toContain(CANARY)
    const other = scriptFolder()
    expect(await other.run('import', file, '--json')).toMatchObject({ code: 0 })
    const [, , loans] = dump(other.database) as Record<string, unknown>[][]
    expect(loans!.map(({ patron, ended_by }) => [patron, ended_by])).toEqual([
      [null, 'reader'],
      [null, 'time'],
      [null, 'reader'],
      [null, 'staff'],
    ])
  })

  it('refuse a damaged file and leave the database empty', async () => {
    const { run, folder } = lendingSite()
    const file = join(folder, 'all.zip')
    await run('export', file)
    const whole = readFileSync(file)
    const other = scriptFolder()
    for (const place of [80, whole.indexOf('tables/items.jsonl') + 40]) {
      const bytes = Buffer.from(whole)
      bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place)
      writeFileSync(file, bytes)
      expect(await other.run('import', file), `byte ${place}`).toMatchObject({
        code: 1,
        err: expect.stringMatching(/is damaged: /),
      })
    }
    writeFileSync(file, whole.subarray(0, -100))
    expect(await other.run('import', file)).toMatchObject({ code: 1 })
    expect(await other.run('import', 'none.zip')).toMatchObject({ code: 1 })
    expect(dump(other.database)).toEqual([[], [], [], []])
    for (const script of ['export', 'import']) {
      expect(await run(script)).toMatchObject({ code: 2 })
      expect(await run(script, '--help')).toMatchObject({ code: 0, err: '' })
    }
  })

  it('know every table of the database', () => {
    const { $client } = openTestDb()
    expect(unknownTables($client)).toEqual([])
  })
})
