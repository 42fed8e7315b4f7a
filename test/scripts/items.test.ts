import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { library, openTestDb } from '../support/lending.ts'
import { scriptFolder } from '../support/scripts.ts'

const LIST = `barcode,title,copies,loan_hours,shelf
0042,"Optics, with
 figures",2,0.5,A
../x,Bad,1,1,A
B,,1,1,A
0042,Again,1,1,A
C,"=SUM(A1)",3,1,A
`

describe('items', () => {
  it('imports the good rows of a list and names the bad ones by line', async () => {
    const { folder, database, run } = scriptFolder()
    writeFileSync(join(folder, 'list.csv'), LIST)
    const dry = await run('items', 'import', 'list.csv', '--dry-run')
    expect(dry).toMatchObject({ code: 1, out: expect.stringContaining('1 would be added') })
    const { code, out } = await run('items', 'import', 'list.csv')
    expect([code, out.trimEnd().split('\n')]).toEqual([
      1,
      [
        'line 3: Title must be one line of plain text.',
        expect.stringMatching(/^line 4: A barcode has/),
        'line 5: Enter the title.',
        'line 6: The same barcode stands in line 3.',
        'column shelf is not known and was left out',
        '1 added, 0 here already, 4 left out',
      ],
    ])
    const again = await run('items', 'import', 'list.csv', '--json')
    expect(JSON.parse(again.out).rows[4]).toEqual({ line: 7, barcode: 'C', kind: 'exists' })
    const { $client } = openTestDb(database)
    expect($client.prepare('select staff, act, barcode from audit').all()).toEqual([
      { staff: 'script', act: 'add', barcode: 'C' },
    ])
    $client.close()
    expect(await run('items', 'import', 'none.csv')).toMatchObject({ code: 1 })
    expect(await run('items', 'import')).toMatchObject({ code: 2 })
    expect(await run('items', 'list', '--dry-run')).toMatchObject({ code: 2 })
  })

  it('exports every item, as CSV that a spreadsheet may open and as JSON', async () => {
    const { database, run, folder } = scriptFolder()
    const { addItem, db } = library(database)
    for (let n = 0; n < 1203; n++) addItem(`I${String(n).padStart(5, '0')}`)
    db.$client.exec(
      `update items set title = '=1+1', notes = 'a "note", long' where barcode = 'I00700'`,
    )
    db.$client.close()
    const { out } = await run('items', 'export', '--json')
    const lines = out.trimEnd().split('\n')
    expect(lines).toHaveLength(1203)
    expect(JSON.parse(lines[700]!)).toMatchObject({ barcode: 'I00700', title: '=1+1', copies: 1 })
    const csv = (await run('items', 'export')).out
    expect(csv.split('\n')[701]).toMatch(/^I00700,'=1\+1,,.*"a ""note"", long",1,2,yes,2026-/)
    writeFileSync(join(folder, 'again.csv'), csv)
    expect((await run('items', 'import', 'again.csv')).out).toContain(
      '1203 here already, 0 left out',
    )
    const other = scriptFolder()
    writeFileSync(join(other.folder, 'again.csv'), csv)
    expect((await other.run('items', 'import', 'again.csv')).out.split('\n')).toEqual([
      'column ready is not known and was left out',
      'column addedAt is not known and was left out',
      '1203 added, 0 here already, 0 left out',
      '',
    ])
    const { addedAt, ready, ...same } = JSON.parse(lines[700]!)
    const back = (await other.run('items', 'export', '--json')).out.split('\n')
    expect(JSON.parse(back[700]!)).toMatchObject(same)
    expect(await run('items', 'export', '--csv', '--json')).toMatchObject({ code: 2 })
  })

  it('ready and not-ready say what is still missing, and who still reads', async () => {
    const { folder, database, run } = scriptFolder('TIME_ZONE = Europe/Zurich')
    const { out } = await run('items', 'add', 'A', '--title', 'T', '--copies', '2', '--ready')
    expect(out.split('\n')).toEqual([
      'added A',
      'A is ready, but its scans are not there yet',
      'It is lent as soon as its manifest is there and valid.',
      '',
    ])
    mkdirSync(join(folder, 'manifests'))
    writeFileSync(join(folder, 'manifests', 'A-manifest.json'), '{')
    expect((await run('items', 'ready', 'A')).out).toMatch(/^A is ready, but .*JSON/)
    const db = openTestDb(database)
    const now = Date.now()
    const insert = db.$client.prepare(
      `insert into loans (barcode, patron, manifest_version, counted, started_at, due_at)
       values ('A', ?, 'v1', 1, ?, ?)`,
    )
    for (const [name, hours] of [['ann', 1] as const, ['bob', 30] as const])
      insert.run(name, now, now + hours * 3_600_000)
    const ended = await run('items', 'not-ready', 'A')
    expect(ended.out).toMatch(
      /^A is not ready\n2 loans still run, the last until .* at \d\d:\d\d .*: the paper copy goes back/,
    )
    const open = db.$client.prepare('select count(*) from loans where ended_at is null').pluck()
    expect(open.get()).toBe(2)
    db.$client.exec(`update loans set ended_at = due_at, ended_by = 'time'`)
    db.$client.exec('update items set removed_at = 1')
    db.$client.close()
    expect((await run('items', 'add', 'A', '--title', 'T')).out).toBe(
      'added A\nAn item with this barcode was removed before: it came back. It has its manifest.\n',
    )
    expect(await run('items', 'not-ready', 'B')).toMatchObject({ code: 1 })
  })

  it('refresh says so when there is no library system to ask', async () => {
    const { run } = scriptFolder()
    await run('items', 'add', 'A', '--title', 'T')
    const [all, one, none, both, neither] = await Promise.all([
      run('items', 'refresh', '--all', '--save'),
      run('items', 'refresh', 'A'),
      run('items', 'refresh', 'B'),
      run('items', 'refresh', 'A', '--all'),
      run('items', 'refresh'),
    ])
    expect([all.code, all.err]).toEqual([1, expect.stringMatching(/LSP_TYPE.*by hand\.\n$/)])
    expect(one).toEqual(all)
    expect([none.code, none.err]).toEqual([1, 'there is no item B\n'])
    expect([both.code, neither.code]).toEqual([2, 2])
  })
})
