import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from '../../src/clock.ts'
import { versionOf } from '../../src/manifests/current.ts'
import { dibsDatabase, dibsTime, smallManifest } from '../support/dibs.ts'
import { library, openTestDb } from '../support/lending.ts'
import { scriptFolder } from '../support/scripts.ts'

/** The start of the second, as DIBS keeps times. */
const NOW = Math.floor(Date.now() / 1000) * 1000
const CANARY = 'canary-7f3a@example.org'

function dibsSite() {
  const site = scriptFolder('IIIF_BASE_URL = https://img.test/\nMANIFEST_DIR = manifests')
  const file = join(site.folder, 'dibs.db')
  const dibs = dibsDatabase(file)
  const add = {
    item: (
      barcode: string,
      copies = 1,
      more: { title?: string; duration?: number; ready?: number } = {},
    ) =>
      dibs
        .prepare(
          "insert into item values (?, 'id-' || ?, 'https://lsp.test/', ?, 'Doe, J.', 'Press', '2nd', '1992', '978', ?, ?, ?, 'a note')",
        )
        .run(
          barcode,
          barcode,
          more.title ?? `Title of ${barcode}`,
          copies,
          more.duration ?? 2,
          more.ready ?? 1,
        ),
    loan: (barcode: string, user: string, state: string, start: number, end: number) =>
      dibs
        .prepare(
          'insert into loan (barcode, user, state, start_time, end_time, reloan_time) values (?, ?, ?, ?, ?, ?)',
        )
        .run(barcode, user, state, dibsTime(start), dibsTime(end), dibsTime(end + 30 * MINUTE)),
    history: (what: string, start: number | string, end: number, type = 'loan') =>
      dibs
        .prepare('insert into history (type, what, start_time, end_time) values (?, ?, ?, ?)')
        .run(type, what, typeof start === 'string' ? start : dibsTime(start), dibsTime(end)),
    person: (uname: string, role: string) =>
      dibs
        .prepare(
          "insert into person (uname, secret, role, display_name, updated) values (?, '', ?, '', 0)",
        )
        .run(uname, role),
  }
  const manifests = join(site.folder, 'dibs-manifests')
  mkdirSync(manifests)
  return { ...site, file, dibs, add, manifests }
}

const all = (database: string, sql: string) => {
  const sqlite = new Sqlite(database, { readonly: true })
  try {
    return sqlite.prepare(sql).all() as Record<string, unknown>[]
  } finally {
    sqlite.close()
  }
}

const dump = (database: string) =>
  ['items', 'people', 'loans', 'audit'].map((table) => all(database, `select * from ${table}`))

const sum = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

describe('import-dibs', () => {
  it('brings over items, staff, open and recent loans and history, and only reads', async () => {
    const { folder, file, dibs, add, manifests, database, run } = dibsSite()
    add.item('0042', 2)
    add.item('B', 0, { ready: 0, title: 'A title\n  on two lines' })
    add.person('Lee@Example.edu', 'library')
    add.person('someone', '')
    add.loan('0042', 'Ann@Example.edu', 'active', NOW - HOUR, NOW + HOUR)
    add.loan('0042', 'ben', 'recent', NOW - 90 * MINUTE, NOW - 10 * MINUTE)
    add.history('0042', NOW - 90 * MINUTE, NOW - 10 * MINUTE)
    add.loan('0042', CANARY, 'recent', NOW - 9 * HOUR, NOW - 8 * HOUR)
    add.history('0042', NOW - 9 * HOUR, NOW - 8 * HOUR)
    add.history('B', NOW - 48 * HOUR, NOW - 46 * HOUR)
    add.history('B', NOW - 48 * HOUR, NOW - 47 * HOUR)
    dibs.close()
    writeFileSync(join(manifests, '0042-manifest.json'), smallManifest())
    const covers = join(folder, 'dibs-covers')
    mkdirSync(covers)
    writeFileSync(join(covers, '0042.jpg'), 'a cover')
    const before = [sum(file), readdirSync(folder).filter((name) => name.startsWith('dibs.db'))]

    const args = [file, '--manifests', manifests, '--thumbnails', covers]
    const first = await run('import-dibs', ...args, '--json')
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(first.out)).toMatchObject({
      items: 2,
      staff: 1,
      openLoans: 1,
      coolingOffLoans: 2,
      pastLoans: 2,
      ended: [],
      badRows: [],
      manifests: { copied: ['0042-manifest.json'] },
      thumbnails: { copied: ['0042.jpg'] },
    })
    expect(all(database, 'select * from items order by barcode')).toEqual([
      expect.objectContaining({
        barcode: '0042',
        title: 'Title of 0042',
        author: 'Doe, J.',
        publisher: 'Press',
        edition: '2nd',
        year: '1992',
        isbn_issn: '978',
        item_id: 'id-0042',
        item_page: 'https://lsp.test/',
        notes: 'a note',
        copies: 2,
        loan_hours: 2,
        ready: 1,
      }),
      expect.objectContaining({ barcode: 'B', title: 'A title on two lines', copies: 0, ready: 0 }),
    ])
    expect(all(database, 'select * from people')).toEqual([
      { name: 'lee@example.edu', role: 'library' },
    ])
    const version = versionOf(Buffer.from(smallManifest()))
    const loans = all(
      database,
      'select barcode, patron, manifest_version, counted, started_at, due_at, ended_at, ended_by from loans order by started_at, ended_at',
    )
    const loan = (
      barcode: string,
      patron: string | null,
      hours: number,
      end: number,
      by: string | null,
      due = end,
    ) => ({
      barcode,
      patron,
      manifest_version: by === null ? version : '',
      counted: 1,
      started_at: NOW - hours * HOUR,
      due_at: due,
      ended_at: by === null ? null : end,
      ended_by: by,
    })
    const minute = (at: number) => Math.ceil(at / MINUTE) * MINUTE
    expect(loans).toEqual([
      loan('B', null, 48, NOW - 47 * HOUR, 'reader', minute(NOW - 46 * HOUR)),
      loan('B', null, 48, NOW - 46 * HOUR, 'time'),
      loan('0042', null, 9, NOW - 8 * HOUR, 'reader', minute(NOW - 7 * HOUR)),
      loan('0042', 'ben', 1.5, NOW - 10 * MINUTE, 'reader', minute(NOW + 30 * MINUTE)),
      loan('0042', 'ann@example.edu', 1, NOW + HOUR, null),
    ])
    expect(readdirSync(join(folder, 'kept-manifests'))).toEqual([`0042.${version}.json`])

    const content = dump(database)
    const second = await run('import-dibs', ...args, '--json')
    expect(JSON.parse(second.out)).toMatchObject({
      items: 0,
      staff: 0,
      openLoans: 0,
      coolingOffLoans: 0,
      pastLoans: 0,
      manifests: { copied: [], different: [] },
    })
    expect(dump(database)).toEqual(content)
    expect([sum(file), readdirSync(folder).filter((name) => name.startsWith('dibs.db'))]).toEqual(
      before,
    )
    for (const name of readdirSync(folder).filter((one) => one.startsWith('carrel.db'))) {
      expect(readFileSync(join(folder, name)).includes(CANARY), name).toBe(false)
    }
  })

  it('ends the newest loans that the rules forbid, and names them without the patron', async () => {
    const { file, dibs, add, manifests, database, run } = dibsSite()
    for (const barcode of ['A', 'B', 'C']) add.item(barcode)
    for (const barcode of ['A', 'B']) {
      writeFileSync(join(manifests, `${barcode}-manifest.json`), smallManifest())
    }
    add.loan('A', 'p3', 'active', NOW - 10 * MINUTE, NOW + HOUR)
    add.loan('A', 'p2', 'active', NOW - 20 * MINUTE, NOW + HOUR)
    add.loan('A', 'p1', 'active', NOW - 30 * MINUTE, NOW + HOUR)
    add.loan('B', 'P1', 'active', NOW - 5 * MINUTE, NOW + HOUR)
    add.loan('C', 'p4', 'active', NOW - 4 * MINUTE, NOW + HOUR)
    add.loan('B', 'p5', 'active', NOW - 9 * HOUR, NOW - 8 * HOUR)
    dibs.close()
    const { code, out, err } = await run('import-dibs', file, '--manifests', manifests)
    expect([code, err]).toEqual([0, ''])
    const at = (minutes: number) => dibsTime(NOW - minutes * MINUTE)
    expect(out.split('\n').filter((line) => line.startsWith('ended'))).toEqual([
      `ended: the loan of C that began ${at(4)} UTC (no valid manifest)`,
      `ended: the loan of B that began ${at(5)} UTC (the patron's second loan)`,
      `ended: the loan of A that began ${at(10)} UTC (more loans than copies)`,
      `ended: the loan of A that began ${at(20)} UTC (more loans than copies)`,
    ])
    expect(out).not.toMatch(/p\d/)
    expect(all(database, 'select patron from loans where ended_at is null')).toEqual([
      { patron: 'p1' },
    ])
    expect(
      all(
        database,
        "select count(*) as n from loans where ended_by = 'staff' and patron is not null",
      ),
    ).toEqual([{ n: 4 }])
    const content = dump(database)
    const again = await run('import-dibs', file, '--manifests', manifests, '--json')
    expect(JSON.parse(again.out)).toMatchObject({ openLoans: 0, ended: [] })
    expect(dump(database)).toEqual(content)
  })

  it('names bad rows by table and number and brings the good ones over', async () => {
    const { file, dibs, add, database, run } = dibsSite()
    add.item('A')
    add.item('../etc')
    add.item('C', 1, { title: '' })
    add.item('D', 5000)
    add.history('A', NOW - HOUR, NOW - MINUTE)
    add.history('A', 'yesterday', NOW - MINUTE)
    add.history('A', NOW, NOW - HOUR)
    add.history('gone', NOW - HOUR, NOW - MINUTE)
    add.history('A', NOW - HOUR, NOW - MINUTE, 'sighting')
    add.loan('C', CANARY, 'active', NOW - HOUR, NOW + HOUR)
    add.loan('A', 'two,names', 'active', NOW - HOUR, NOW + HOUR)
    add.person('', 'library')
    dibs.close()
    const { code, out } = await run('import-dibs', file)
    expect(code).toBe(1)
    expect(out.split('\n').filter((line) => line.startsWith('left out'))).toEqual([
      expect.stringMatching(/^left out: item row 2: A barcode has/),
      'left out: item row 3: Enter the title.',
      'left out: item row 4: Copies must be a whole number from 0 to 999.',
      'left out: person row 1: not a sign-in name',
      'left out: loan row 1: its item is not there',
      'left out: loan row 2: its patron is not a sign-in name',
      'left out: history row 2: a time in it is not one',
      'left out: history row 3: it ends before it starts',
      'left out: history row 4: item gone is not there',
      'left out: history row 5: it is no loan but sighting',
    ])
    expect(out).not.toContain(CANARY)
    expect(all(database, 'select barcode from items')).toEqual([{ barcode: 'A' }])
    expect(all(database, 'select count(*) as n from loans')).toEqual([{ n: 1 }])
  })

  it('reads the tables of early versions too, where items have numbers', async () => {
    const { folder, database, run } = scriptFolder()
    const file = join(folder, 'old.db')
    const old = new Sqlite(file)
    old.exec(`
      create table item (itemid integer primary key, barcode text, title text, author text,
        tind_id integer, num_copies integer, duration integer);
      create table loan (loanid integer primary key, itemid integer, patron text, started text, endtime text);
      create table history (id integer primary key, type text, what text, start_time text, end_time text);
      create table person (id integer primary key, uname text, secret text, role text);
      insert into item values (7, '35047', 'Old', 'Doe', 123, 2, 6);
      insert into person values (1, 'lee', '', 'library');
    `)
    old
      .prepare('insert into loan values (1, 7, ?, ?, ?)')
      .run('ann', dibsTime(NOW - HOUR), dibsTime(NOW - MINUTE))
    old.close()
    expect(await run('import-dibs', file)).toMatchObject({ code: 0, err: '' })
    expect(all(database, 'select barcode, item_id, ready from items')).toEqual([
      { barcode: '35047', item_id: '123', ready: 0 },
    ])
    expect(all(database, 'select barcode, patron from loans')).toEqual([
      { barcode: '35047', patron: 'ann' },
    ])
  })

  it('leaves alone what is here, and obeys the loans that run here', async () => {
    const { folder, file, dibs, add, manifests, database, run } = dibsSite()
    const { addItem, db } = library(database)
    addItem('A', { copies: 1 })
    db.$client
      .prepare(
        "insert into loans (barcode, patron, manifest_version, counted, started_at, due_at) values ('A', 'zoe', 'v', 1, ?, ?)",
      )
      .run(NOW - MINUTE, NOW + HOUR)
    db.$client.close()
    add.item('A', 9)
    add.loan('A', 'ann', 'active', NOW - HOUR, NOW + HOUR)
    dibs.close()
    writeFileSync(join(manifests, 'A-manifest.json'), smallManifest())
    mkdirSync(join(folder, 'manifests'))
    writeFileSync(join(folder, 'manifests/A-manifest.json'), `${smallManifest()}\n`)
    const { out } = await run('import-dibs', file, '--manifests', manifests)
    expect(out).toMatch(/A-manifest\.json is here already and says something else/)
    expect(out).toMatch(/loan of A .*\(more loans than copies\)/)
    expect(all(database, 'select copies from items')).toEqual([{ copies: 1 }])
  })

  it("takes folders from DIBS's settings file, and names the settings that differ", async () => {
    const { folder, file, dibs, add, manifests, run } = dibsSite()
    add.item('A')
    dibs.close()
    writeFileSync(join(manifests, 'A-manifest.json'), smallManifest())
    writeFileSync(
      join(folder, 'dibs-settings.ini'),
      '[dibs]\nMANIFEST_DIR = dibs-manifests\nRELOAN_WAIT_TIME = 45\nIIIF_BASE_URL = https://img.test/\n',
    )
    const { code, out } = await run(
      'import-dibs',
      file,
      '--settings-file',
      'dibs-settings.ini',
      '--json',
    )
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      manifests: { copied: ['A-manifest.json'] },
      settingsThatDiffer: ['RELOAN_WAIT_TIME'],
    })
  })

  it('refuses what is not a DIBS database, and explains itself', async () => {
    const { folder, database, run } = scriptFolder()
    openTestDb(database).$client.close()
    writeFileSync(join(folder, 'no.db'), 'nothing of the kind')
    for (const [file, words] of [
      ['none.db', /there is no such file/],
      ['no.db', /is damaged/],
      ['carrel.db', /not a database of DIBS/],
    ] as const) {
      expect(await run('import-dibs', file)).toMatchObject({
        code: 1,
        err: expect.stringMatching(words),
      })
    }
    expect(await run('import-dibs')).toMatchObject({ code: 2 })
    expect(await run('import-dibs', '--help')).toMatchObject({ code: 0 })
  })
})
