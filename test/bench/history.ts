import { HOUR } from '../../src/clock.ts'
import type { Db } from '../../src/db/open.ts'

const YEARS_MS = 3 * 365 * 24 * HOUR
const SUBJECTS = ['Optics', 'Algebra', 'Rivers', 'Glass', 'Harbours', 'Letters', 'Winter', 'Bees']
const KINDS = ['An introduction', 'A history', 'Essays', 'Collected papers', 'A handbook']

/**
 * Fills an empty database with items and with past loans of three years up to `now`: a few titles
 * are lent often, most seldom. The same numbers make the same library.
 */
export function makeHistory(db: Db, now: number, size: { items: number; loans: number }): void {
  const random = randomNumbers(size.items)
  const item = db.$client.prepare(
    `insert into items (barcode, title, author, copies, loan_hours, ready, added_at)
     values (?, ?, ?, ?, 2, 1, ?)`,
  )
  const loan = db.$client.prepare(
    `insert into loans
       (barcode, manifest_version, counted, started_at, due_at, ended_at, ended_by)
     values (?, 'v1', 1, ?, ?, ?, ?)`,
  )
  db.transaction(() => {
    for (let n = 0; n < size.items; n++) {
      const title = `${SUBJECTS[n % SUBJECTS.length]}: ${KINDS[n % KINDS.length]}, part ${n}`
      item.run(barcodeOf(n), title, `Author ${n % 5000}`, 1 + (n % 3), now - YEARS_MS)
    }
    for (let n = 0; n < size.loans; n++) {
      const startedAt = Math.round(now - YEARS_MS * (1 - n / size.loans)) - 2 * HOUR
      const early = random() < 0.4
      const endedAt = startedAt + Math.round(2 * HOUR * (early ? random() : 1))
      const by = early ? 'reader' : 'time'
      const popular = Math.floor(size.items * random() ** 3)
      loan.run(barcodeOf(popular), startedAt, startedAt + 2 * HOUR, endedAt, by)
    }
  })
}

const barcodeOf = (n: number) => String(35_047_000_000_000 + n)

/** Numbers from 0 to 1 by the minimal standard generator of Park and Miller (1988). */
function randomNumbers(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1
  return () => {
    state = (state * 16_807) % 2_147_483_647
    return state / 2_147_483_647
  }
}
