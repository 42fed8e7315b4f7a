import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from '../../src/clock.ts'
import { borrow } from '../../src/loans/borrow.ts'
import { daysIn } from '../../src/loans/periods.ts'
import { returnItem } from '../../src/loans/return.ts'
import { createSweep } from '../../src/loans/sweep.ts'
import { totalsIn } from '../../src/loans/totals.ts'
import { testFolder } from '../support/folder.ts'
import { library, patron } from '../support/lending.ts'

const CANARY = 'canary-7f3a@example.org'

function sweptLibrary(file?: string) {
  const made = library(file)
  const lines: { msg: string }[] = []
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) })
  let drift = 0
  const sweep = createSweep({
    ...made.lending,
    totals: totalsIn(made.db, daysIn('Europe/Zurich')),
    manifests: { dropKept: async () => {} },
    log,
    monotonic: () => made.clock.t - drift,
  })
  return {
    ...made,
    sweep,
    lines,
    jump: (ms: number) => {
      made.clock.t += ms
      drift += ms
    },
  }
}

const patrons = (db: Sqlite.Database) => db.prepare('select patron from loans').pluck().all()

describe('the sweep', () => {
  it('stamps overdue loans with the time at which they were due', async () => {
    const { lending, addItem, clock, sweep, db } = sweptLibrary()
    await borrow(lending, addItem('A'), patron('ann'), 'patron')
    clock.t += 3 * HOUR
    await sweep()
    const row = db.$client
      .prepare('select ended_at - started_at as length, ended_by from loans')
      .get()
    expect(row).toEqual({ length: 2 * HOUR, ended_by: 'time' })
  })

  it('1.7 erasing: erases the patron within a minute after the cooling-off period, and not before', async () => {
    const { lending, addItem, clock, sweep, db } = sweptLibrary()
    await borrow(lending, addItem('A'), patron(CANARY), 'patron')
    clock.t += 2 * HOUR + 30 * MINUTE - 1
    await sweep()
    expect(patrons(db.$client)).toEqual([CANARY])
    clock.t += 1
    await sweep()
    expect(patrons(db.$client)).toEqual([null])
  })

  it('1.7 erasing: leaves no trace of an erased patron in the files, though another process was reading', async () => {
    const folder = testFolder()
    const file = join(folder, 'carrel.db')
    const { lending, addItem, clock, sweep, db } = sweptLibrary(file)
    const item = addItem('A', { copies: 50 })
    for (let n = 0; n < 20; n++) await borrow(lending, item, patron(`${n}-${CANARY}`), 'patron')
    const traces = () =>
      [...readdirSync(folder).map((name) => join(folder, name)), ...temporaryFiles()].filter(
        (path) => readFileSync(path).includes(CANARY),
      )
    expect(traces(), 'the name must be somewhere before it can be gone').not.toEqual([])

    const reader = new Sqlite(file, { readonly: true })
    const rows = reader.prepare('select * from loans').iterate()
    rows.next()
    clock.t += 2 * HOUR + 31 * MINUTE
    await sweep()
    expect(traces(), 'a reader holds the log up').not.toEqual([])
    rows.return?.()
    reader.close()
    await sweep()
    expect(traces()).toEqual([])
    db.$client.close()
  })

  it('1.9 clock forward: erases nobody for two minutes after the jump', async () => {
    const { lending, addItem, clock, sweep, db, lines, jump } = sweptLibrary()
    await borrow(lending, addItem('A'), patron('ann'), 'patron')
    await sweep()
    jump(24 * HOUR)
    await sweep()
    expect(lines.map(({ msg }) => msg)).toContain('clock.jump')
    expect(patrons(db.$client)).toEqual(['ann'])
    clock.t += 2 * MINUTE
    await sweep()
    expect(patrons(db.$client)).toEqual([null])
  })

  it('1.9 clock back: keeps what it stamped ended, and says so', async () => {
    const { lending, addItem, clock, sweep, lines, jump } = sweptLibrary()
    const item = addItem('A')
    await borrow(lending, item, patron('ann'), 'patron')
    clock.t += 2 * HOUR
    await sweep()
    jump(-HOUR)
    await sweep()
    expect(lines.map(({ msg }) => msg)).toContain('clock.back')
    expect(lending.loans.openLoan(item, patron('ann'), clock.now())).toBeUndefined()
  })

  it('1.9 drift of wall and monotonic clock: lends on after a jump that was put right within two minutes', async () => {
    const { lending, addItem, sweep, jump } = sweptLibrary()
    const item = addItem('A')
    jump(365 * 24 * HOUR)
    await sweep()
    jump(-365 * 24 * HOUR)
    await sweep()
    expect(await borrow(lending, item, patron('ann'), 'patron')).toMatchObject({ kind: 'borrowed' })
  })

  it('logs no patron', async () => {
    const { lending, addItem, clock, sweep, lines } = sweptLibrary()
    const item = addItem('A')
    await borrow(lending, item, patron(CANARY), 'patron')
    returnItem(lending, item, patron(CANARY))
    clock.t += HOUR
    await sweep()
    expect(lines).not.toHaveLength(0)
    expect(JSON.stringify(lines)).not.toContain(CANARY)
  })
})

/** What SQLite may have put beside the database: its names for temporary files. */
function temporaryFiles(): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith('etilqs_'))
    .map((name) => join(tmpdir(), name))
}
