import { type Db, openDb } from '../../src/db/open.ts'
import { type Barcode, type PatronId, parseBarcode, parsePatronId } from '../../src/ids.ts'
import { parseItemDraft } from '../../src/items/draft.ts'
import { itemsIn } from '../../src/items/items.ts'
import type { LendingDeps } from '../../src/loans/borrow.ts'
import { loanQueries } from '../../src/loans/queries.ts'
import { type TestClock, testClock } from './clock.ts'

export const barcode = (text: string): Barcode => parseBarcode(text)!
export const patron = (name: string): PatronId => parsePatronId(name, 'fold')!

export const RELOAN_WAIT_MS = 30 * 60_000

export function openTestDb(file = ':memory:'): Db {
  const opening = openDb(file)
  if (opening.kind === 'refused') throw new Error(opening.reason)
  return opening.db
}

/** Manifests that are all there and valid, or none of them. */
export function manifestsOf(kind: 'valid' | 'missing' = 'valid'): LendingDeps['manifests'] {
  return {
    current: async () => (kind === 'valid' ? { kind, version: 'v1' } : { kind }),
    keep: async () => {},
  }
}

export interface Library {
  readonly db: Db
  readonly clock: TestClock
  readonly lending: LendingDeps
  /** Adds a ready item of 2 loan hours. */
  addItem(name: string, options?: { copies?: number; hours?: string; ready?: boolean }): Barcode
}

/** A lending library on real migrations, with a clock that can be set. */
export function library(file?: string): Library {
  const db = openTestDb(file)
  const clock = testClock()
  const items = itemsIn(db)
  const lending = {
    loans: loanQueries(db),
    manifests: manifestsOf(),
    clock,
    reloanWaitMs: RELOAN_WAIT_MS,
  }
  return {
    db,
    clock,
    lending,
    addItem(name, { copies = 1, hours = '2', ready = true } = {}) {
      const fields = {
        barcode: name,
        title: `Title of ${name}`,
        copies: String(copies),
        loanHours: hours,
      }
      const reading = parseItemDraft(fields)
      if (reading.kind === 'faults') throw new Error(JSON.stringify(reading.faults))
      items.add(reading.draft, clock.now())
      items.setReady(reading.draft.barcode, ready)
      return reading.draft.barcode
    },
  }
}
