import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testFolder } from '../support/folder.ts'
import { checkInvariants } from '../support/invariants.ts'
import { borrower, firstWord, killRounds } from '../support/kill-rounds.ts'
import { library, openTestDb } from '../support/lending.ts'

function fileWith(item: string, copies: number): string {
  const file = join(testFolder(), 'carrel.db')
  const { addItem, db } = library(file)
  addItem(item, { copies })
  db.$client.close()
  return file
}

describe('several processes on one database file', () => {
  it('4.6 50 patrons, last copy: is lent once when all ask for it at the same moment', async () => {
    const file = fileWith('A', 1)
    const counts = [13, 13, 12, 12]
    const all = counts.map((count, n) => borrower('once', file, 'A', `p${n}`, String(count)))
    await Promise.all(all.map(({ child }) => firstWord(child)))
    const exits = all.map(({ child }) => once(child, 'exit'))
    for (const { child } of all) child.stdin!.write('go\n')
    await Promise.all(exits)

    const answers = all
      .flatMap(({ lines }) => lines())
      .filter((line) => line !== 'ready')
      .map((line) => line.split(' ')[1])
    expect(answers).toHaveLength(50)
    expect(answers.filter((kind) => kind === 'borrowed')).toHaveLength(1)
    expect(answers.filter((kind) => kind === 'no-copies-left')).toHaveLength(49)
    const { $client } = openTestDb(file)
    expect($client.prepare('select count(*) from loans').pluck().get()).toBe(1)
    $client.close()
  })

  it('4.5 kill -9: lose no loan and no return that was acknowledged, and lend no copy twice', async () => {
    const file = fileWith('A', 2)
    const killed = await killRounds(file, { rounds: 3, writers: 3 })
    expect(killed).toMatchObject({ lostLoans: [], lostReturns: [], integrity: 'ok' })
    expect(killed.returns, 'the test must see some loans').toBeGreaterThan(10)
    expect(killed.mostAtOnce).toBe(2)
    const { $client } = openTestDb(file)
    checkInvariants($client)
    $client.close()
  })
})
