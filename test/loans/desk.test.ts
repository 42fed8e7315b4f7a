import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from '../../src/clock.ts'
import { borrow } from '../../src/loans/borrow.ts'
import { endLoan, endLoansOf, lengthen } from '../../src/loans/desk.ts'
import { deskQueries } from '../../src/loans/desk-queries.ts'
import { returnItem } from '../../src/loans/return.ts'
import { library, patron, RELOAN_WAIT_MS } from '../support/lending.ts'

function deskOf(copies = 1) {
  const made = library()
  const desk = deskQueries(made.db)
  const { lending, clock, addItem } = made
  const item = addItem('A', { copies })
  return {
    ...made,
    desk,
    item,
    acting: { loans: lending.loans, desk, clock },
    lend: (name: string) => borrow(lending, item, patron(name), 'patron'),
    shown: () =>
      desk.page(
        { now: clock.now(), reloanWaitMs: RELOAN_WAIT_MS },
        { limit: 10, offset: 0, newestDueFirst: false },
      ),
  }
}

describe('the list of loans', () => {
  it('names the patron while the loan is open, the loan until its cooling-off is over', async () => {
    const { shown, lend, clock, acting, item } = deskOf()
    await lend('ann')
    expect(shown()).toMatchObject([{ id: 1, patron: 'ann', endedAt: undefined }])
    clock.t += 10_001
    returnItem({ ...acting, reloanWaitMs: RELOAN_WAIT_MS }, item, patron('ann'))
    expect(shown()).toMatchObject([{ id: 1, patron: undefined, endedAt: clock.t }])
    clock.t += RELOAN_WAIT_MS
    expect(shown(), 'the end of the wait is rounded up to a minute').toHaveLength(1)
    clock.t += MINUTE
    expect(shown()).toEqual([])
  })

  it('goes by the clock, whether or not the sweep has run', async () => {
    const { shown, lend, clock } = deskOf()
    await lend('ann')
    const due = clock.t + 2 * HOUR
    clock.t = due
    expect(shown()).toMatchObject([{ patron: undefined, endedAt: due }])
  })

  it('is found by an index, not by reading every loan there ever was', () => {
    const { db } = deskOf()
    const plan = db.$client
      .prepare(
        `explain query plan select * from loans where patron is not null
           and coalesce(ended_at, due_at) > 5 order by due_at, id limit 50`,
      )
      .all()
    expect(JSON.stringify(plan)).toContain('INDEX loans_by_due')
  })
})

describe('ending by staff', () => {
  it('ends one loan at once, and says when there was nothing to end', async () => {
    const { db, lend, acting, clock } = deskOf()
    await lend('ann')
    clock.t += 1
    expect(endLoan(acting, 1)).toEqual({ kind: 'ended', barcode: 'A' })
    expect(endLoan(acting, 1)).toEqual({ kind: 'loan-over' })
    expect(endLoan(acting, 99)).toEqual({ kind: 'loan-over' })
    const row = db.$client.prepare('select ended_at, ended_by from loans').get()
    expect(row).toEqual({ ended_at: clock.t, ended_by: 'staff' })
  })

  it('leaves alone what was over by the clock', async () => {
    const { db, lend, acting, clock } = deskOf()
    await lend('ann')
    clock.t += 2 * HOUR
    expect(endLoan(acting, 1)).toEqual({ kind: 'loan-over' })
    expect(db.$client.prepare('select ended_by from loans').pluck().get()).toBeNull()
  })

  it('ends every open loan of an item and names them', async () => {
    const { lend, acting, item } = deskOf(3)
    for (const name of ['ann', 'bob', 'eve']) await lend(name)
    endLoan(acting, 2)
    expect(endLoansOf(acting, item)).toEqual([1, 3])
    expect(endLoansOf(acting, item)).toEqual([])
  })
})

describe('lengthening', () => {
  it('moves the due time later, up to a whole minute, once for one form', async () => {
    const { lend, acting, clock } = deskOf()
    await lend('ann')
    const seenDueAt = clock.t + 2 * HOUR
    const asked = { id: 1, seenDueAt, hours: 0.0251 }
    const dueAt = seenDueAt + 2 * MINUTE
    expect(lengthen(acting, asked)).toEqual({ kind: 'lengthened', barcode: 'A', dueAt })
    expect(lengthen(acting, asked)).toEqual({ kind: 'due-changed', dueAt })
  })

  it('never opens a loan again that is over', async () => {
    const { db, lend, acting, clock } = deskOf()
    await lend('ann')
    const seenDueAt = clock.t + 2 * HOUR
    clock.t = seenDueAt
    expect(lengthen(acting, { id: 1, seenDueAt, hours: 1 })).toEqual({ kind: 'loan-over' })
    acting.loans.stampAllOverdue(clock.t)
    expect(() => db.$client.exec('update loans set due_at = due_at + 60000')).toThrow(
      /not lengthened/,
    )
  })

  it('is refused while more loans run than there are copies', async () => {
    const { db, lend, acting, clock } = deskOf(2)
    await lend('ann')
    await lend('bob')
    db.$client.exec('update items set copies = 1')
    const asked = { id: 1, seenDueAt: clock.t + 2 * HOUR, hours: 1 }
    expect(lengthen(acting, asked)).toEqual({ kind: 'more-loans-than-copies' })
    endLoan(acting, 2)
    expect(lengthen(acting, asked).kind).toBe('lengthened')
  })

  it('ends at a year after the start', async () => {
    const { lend, acting, clock } = deskOf()
    await lend('ann')
    const seenDueAt = clock.t + 2 * HOUR
    const latestDueAt = clock.t + 8760 * HOUR
    expect(lengthen(acting, { id: 1, seenDueAt, hours: 8758.02 })).toEqual({
      kind: 'loan-too-long',
      latestDueAt,
    })
    expect(lengthen(acting, { id: 1, seenDueAt, hours: 8758 })).toMatchObject({
      dueAt: latestDueAt,
    })
  })
})
