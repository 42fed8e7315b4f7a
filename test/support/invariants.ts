import type Sqlite from 'better-sqlite3'
import { expect } from 'vitest'

/** Each finds rows that must never be there, whatever broke before. */
const NEVER: Readonly<Record<string, string>> = {
  'two open loans of one patron':
    'select patron from loans where ended_at is null group by patron having count(*) > 1',
  'an end before the start or after the due time':
    'select id from loans where ended_at < started_at or ended_at > due_at or due_at <= started_at',
  'an end that nobody made, or an open loan that has one':
    'select id from loans where (ended_at is null) <> (ended_by is null)',
  'an open loan of nobody': 'select id from loans where ended_at is null and patron is null',
  'an open loan of a removed item':
    'select l.id from loans l join items i using (barcode) where l.ended_at is null and i.removed_at is not null',
  'an open loan in the totals': 'select id from loans where ended_at is null and totalled = 1',
  'totals that are not the sum of the loans': `select 1 where (select count(*) from loans where totalled = 1 and counted = 1)
     <> (select coalesce(sum(loans), 0) from totals where period = 'all' and barcode = '')`,
  'mail for a patron who is forgotten':
    'select loan_id from outbox join loans on loans.id = loan_id where patron is null',
  'an item that the search does not know, or one that is gone': `select 1 where (select count(*) from item_words)
     <> (select count(*) from items where removed_at is null)`,
}

/** What holds in every database of Carrel at every moment between two transactions. */
export function checkInvariants(sqlite: Sqlite.Database): void {
  for (const [what, sql] of Object.entries(NEVER)) {
    expect(sqlite.prepare(sql).all(), what).toEqual([])
  }
  expect(sqlite.pragma('foreign_key_check')).toEqual([])
  expect(sqlite.pragma('integrity_check', { simple: true })).toBe('ok')
}
