import { writeFileSync } from 'node:fs'
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
})
