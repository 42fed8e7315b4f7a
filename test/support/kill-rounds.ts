import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { mostLoansAtOnce } from './most-at-once.ts'

const BORROWER = join(import.meta.dirname, 'borrower.ts')

export interface Killed {
  readonly loans: number
  readonly returns: number
  /** What was acknowledged and is not in the database: patrons. */
  readonly lostLoans: readonly string[]
  readonly lostReturns: readonly string[]
  readonly mostAtOnce: number
  readonly integrity: unknown
}

/** Starts a process that borrows; what it was answered is in `lines`. */
export function borrower(...args: string[]): { child: ChildProcess; lines: () => string[] } {
  const child = spawn(process.execPath, [BORROWER, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  child.stdout?.on('data', (chunk) => {
    output += chunk
  })
  return { child, lines: () => output.split('\n').slice(0, -1) }
}

/** A child that dies instead of speaking must not keep the caller waiting. */
export function firstWord(child: ChildProcess): Promise<unknown> {
  const death = once(child, 'exit').then(() => Promise.reject(new Error('the borrower died')))
  return Promise.race([once(child.stdout!, 'data'), death])
}

/**
 * In each round, processes borrow and return items of one database until all of them are killed
 * (SIGKILL) at some moment; the next round goes on with what they left.
 *
 * @param file a database with the item A
 */
export async function killRounds(
  file: string,
  { rounds, writers, onRound }: { rounds: number; writers: number; onRound?: (n: number) => void },
): Promise<Killed> {
  const acknowledged: string[] = []
  for (let round = 0; round < rounds; round++) {
    const all = Array.from({ length: writers }, (_, n) =>
      borrower('loop', file, 'A', `r${round}p${n}`, '3'),
    )
    await Promise.all(all.map(({ child }) => firstWord(child)))
    await pause(50 + Math.random() * 250)
    const exits = all.map(({ child }) => once(child, 'exit'))
    for (const { child } of all) child.kill('SIGKILL')
    await Promise.all(exits)
    acknowledged.push(...all.flatMap(({ lines }) => lines()))
    endWhatIsOpen(file)
    onRound?.(round + 1)
  }
  return compare(file, acknowledged)
}

/** Whoever was killed between borrowing and returning has the copy still; the staff end it. */
function endWhatIsOpen(file: string): void {
  const sqlite = new Sqlite(file)
  sqlite
    .prepare(
      "update loans set ended_at = max(?, started_at), ended_by = 'staff' where ended_at is null",
    )
    .run(Date.now())
  sqlite.close()
}

function compare(file: string, acknowledged: readonly string[]): Killed {
  const sqlite = new Sqlite(file)
  try {
    const rows = sqlite.prepare('select patron, ended_by from loans').raw().all() as string[][]
    const endedBy = new Map(rows.map(([patron, by]) => [patron, by]))
    const told = (kind: string) =>
      acknowledged.filter((line) => line.endsWith(` ${kind}`)).map((line) => line.split(' ')[0])
    const [borrowed, returned] = [told('borrowed'), told('returned')]
    return {
      loans: borrowed.length,
      returns: returned.length,
      lostLoans: borrowed.flatMap((who) => (who && !endedBy.has(who) ? [who] : [])),
      lostReturns: returned.flatMap((who) => (who && endedBy.get(who) !== 'reader' ? [who] : [])),
      mostAtOnce: mostLoansAtOnce(sqlite, 'A'),
      integrity: sqlite.pragma('integrity_check', { simple: true }),
    }
  } finally {
    sqlite.close()
  }
}
