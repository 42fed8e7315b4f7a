import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killRounds } from '../support/kill-rounds.ts'
import { library } from '../support/lending.ts'

const COPIES = 3

/** @returns the exit code: 0 when nothing acknowledged was lost and no copy was lent twice */
export async function killing(options: { rounds: number; writers: number }): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'carrel-soak-'))
  try {
    const file = join(folder, 'carrel.db')
    const { addItem, db } = library(file)
    addItem('A', { copies: COPIES })
    db.$client.close()
    const onRound = (n: number) => {
      if (n % 20 === 0) console.log(`${n} rounds`)
    }
    const killed = await killRounds(file, { ...options, onRound })
    const { loans, returns, lostLoans, lostReturns, mostAtOnce, integrity } = killed
    console.log(`${options.rounds} rounds of kill -9 with ${options.writers} processes`)
    console.log(`acknowledged loans: ${loans}, lost: ${lostLoans.length}`)
    console.log(`acknowledged returns: ${returns}, lost: ${lostReturns.length}`)
    console.log(`most loans at once: ${mostAtOnce} of ${COPIES} copies`)
    console.log(`integrity_check: ${integrity}`)
    const lost = lostLoans.length + lostReturns.length
    return lost === 0 && loans > 0 && mostAtOnce <= COPIES && integrity === 'ok' ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
