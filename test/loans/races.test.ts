import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { testFolder } from '../support/folder.ts'
import { library, openTestDb } from '../support/lending.ts'

const BORROWER = join(import.meta.dirname, '../support/borrower.ts')

function borrower(...args: string[]): { child: ChildProcess; lines: () => string[] } {
  const child = spawn(process.execPath, [BORROWER, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  child.stdout!.on('data', (chunk) => {
    output += chunk
  })
  return { child, lines: () => output.split('\n').slice(0, -1) }
}

/** A child that dies instead of speaking must not keep the test waiting. */
function firstWord(child: ChildProcess): Promise<unknown> {
  const death = once(child, 'exit').then(() => Promise.reject(new Error('the borrower died')))
  return Promise.race([once(child.stdout!, 'data'), death])
}

function fileWith(item: string, copies: number): string {
  const file = join(testFolder(), 'carrel.db')
  const { addItem, db } = library(file)
  addItem(item, { copies })
  db.$client.close()
  return file
}

describe('several processes on one database file', () => {
  it('lend the last copy once when 50 patrons ask for it at the same moment', async () => {
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

  it('lose no loan and no return that was acknowledged when they are killed', async () => {
    const file = fileWith('A', 2)
    const acknowledged: string[] = []
    for (let round = 0; round < 6; round++) {
      const pair = [0, 1].map((n) => borrower('loop', file, 'A', `r${round}p${n}`, '3'))
      await Promise.all(pair.map(({ child }) => firstWord(child)))
      await wait(100 + 60 * round)
      const exits = pair.map(({ child }) => once(child, 'exit'))
      for (const { child } of pair) child.kill('SIGKILL')
      await Promise.all(exits)
      acknowledged.push(...pair.flatMap(({ lines }) => lines()))
      const { $client } = openTestDb(file)
      // Whoever was killed between borrowing and returning has the copy still; the staff end it.
      $client.exec(
        "update loans set ended_at = started_at, ended_by = 'staff' where ended_at is null",
      )
      $client.close()
    }
    const { $client } = openTestDb(file)
    const rows = $client.prepare('select patron, ended_by from loans').all() as {
      patron: string
      ended_by: string
    }[]
    const endedBy = new Map(rows.map((row) => [row.patron, row.ended_by]))
    const borrowed = acknowledged.filter((line) => line.endsWith(' borrowed'))
    const returned = acknowledged.filter((line) => line.endsWith(' returned'))
    expect(returned.length, 'the test must see some loans').toBeGreaterThan(20)
    expect(borrowed.filter((line) => !endedBy.has(line.split(' ')[0]!))).toEqual([])
    expect(returned.filter((line) => endedBy.get(line.split(' ')[0]!) !== 'reader')).toEqual([])
    expect($client.pragma('integrity_check', { simple: true })).toBe('ok')
    $client.close()
  })
})
