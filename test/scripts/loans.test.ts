import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from '../../src/clock.ts'
import { library } from '../support/lending.ts'
import { scriptFolder } from '../support/scripts.ts'

const CANARY = 'canary-7f3a@example.org'

/** Three open loans of A, and one of B that cools off. */
function lendingSite() {
  const site = scriptFolder()
  const { addItem, db } = library(site.database)
  addItem('A', { copies: 3 })
  addItem('B')
  const now = Date.now()
  const insert = db.$client.prepare(
    `insert into loans (barcode, patron, manifest_version, counted, started_at, due_at, ended_at, ended_by)
     values (?, ?, 'v', 1, ?, ?, ?, ?)`,
  )
  for (const n of [1, 2, 3])
    insert.run('A', `${n}-${CANARY}`, now - HOUR, now + n * HOUR, null, null)
  insert.run('B', CANARY, now - HOUR, now + HOUR, now - MINUTE, 'reader')
  const open = () =>
    db.$client.prepare('select id from loans where ended_at is null order by id').pluck().all()
  const audit = () => db.$client.prepare('select staff, act, barcode, detail from audit').all()
  return { ...site, db, open, audit }
}

describe('loans', () => {
  it('1.7 scripts: list names patrons only when told to, and of open loans only', async () => {
    const { run, db } = lendingSite()
    const { out, ...ended } = await run('loans', 'list', '--json')
    expect(ended).toEqual({ code: 0, err: '' })
    expect(JSON.parse(out)).toHaveLength(4)
    expect(JSON.parse(out)).toContainEqual(
      expect.objectContaining({
        number: 4,
        barcode: 'B',
        state: 'cooling off',
        title: 'Title of B',
      }),
    )
    expect(out).not.toContain(CANARY)
    expect((await run('loans', 'list')).out).not.toContain(CANARY)
    const named = await run('loans', 'list', '--with-patrons')
    expect(named.out.match(/\d-canary/g)).toEqual(['1-canary', '2-canary', '3-canary'])
    expect(named.out.split('\n').find((line) => line.includes('cooling off'))).not.toContain(CANARY)
    expect((await run('loans', 'list', '--item', 'B')).out.trim().split('\n')).toHaveLength(1)
    db.$client.close()
  })

  it('end one, the newest or all, each in the record of what staff did', async () => {
    const { run, db, open, audit } = lendingSite()
    expect(await run('loans', 'end', '--item', 'A', '--newest', '1')).toMatchObject({
      code: 0,
      out: 'ended: loan 3\n',
    })
    expect(open()).toEqual([1, 2])
    expect(await run('loans', 'end', '1', '--json')).toMatchObject({ out: '{"ended":[1]}\n' })
    expect(await run('loans', 'end', '1')).toMatchObject({
      code: 1,
      err: 'loan 1 is over already, or there is none of this number\n',
    })
    expect(await run('loans', 'end', '--item', 'A')).toMatchObject({ out: 'ended: loan 2\n' })
    expect(await run('loans', 'end', '--item', 'A')).toMatchObject({ out: 'no loan was open\n' })
    expect(audit()).toEqual(
      [3, 1, 2].map((id) => ({
        staff: 'script',
        act: 'end-loan',
        barcode: 'A',
        detail: `loan ${id}`,
      })),
    )
    db.$client.close()
  })

  it('refuse to guess', async () => {
    const { run, db, open } = lendingSite()
    for (const args of [
      [],
      ['end'],
      ['end', 'all'],
      ['end', '1', '2'],
      ['end', '1', '--item', 'A'],
      ['end', '1', '--newest', '1'],
      ['end', '--item', 'A', '--newest', '0'],
      ['list', '--newest', '1'],
    ]) {
      expect(await run('loans', ...args), args.join(' ')).toMatchObject({ code: 2 })
    }
    expect(await run('loans', 'end', '--item', 'Z')).toMatchObject({ code: 1 })
    expect(open()).toEqual([1, 2, 3])
    expect(await run('loans', '--help')).toMatchObject({ code: 0, err: '' })
    db.$client.close()
  }, 30_000)
})
