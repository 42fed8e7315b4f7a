import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from '../../src/clock.ts'
import { borrow } from '../../src/loans/borrow.ts'
import { returnItem } from '../../src/loans/return.ts'
import { library, manifestsOf, patron } from '../support/lending.ts'

const ann = patron('ann')
const bob = patron('bob')

describe('borrowing', () => {
  it('lends as many loans as there are copies, and no more', async () => {
    const { lending, addItem } = library()
    const item = addItem('A', { copies: 2 })
    const patrons = Array.from({ length: 10 }, (_, n) => patron(`patron-${n}`))
    const results = await Promise.all(patrons.map((one) => borrow(lending, item, one, 'patron')))
    expect(results.filter(({ kind }) => kind === 'borrowed')).toHaveLength(2)
    expect(results.filter(({ kind }) => kind === 'no-copies-left')).toHaveLength(8)
  })

  it('twice by one patron is one loan, and the second answer names it', async () => {
    const { lending, addItem, db } = library()
    const item = addItem('A', { copies: 2 })
    const first = await borrow(lending, item, ann, 'patron')
    expect(await borrow(lending, item, ann, 'patron')).toEqual({ ...first, kind: 'on-loan-to-you' })
    expect(db.$client.prepare('select count(*) from loans').pluck().get()).toBe(1)
  })

  it('waits for no sweep: an overdue loan of the last copy is over', async () => {
    const { lending, addItem, clock } = library()
    const item = addItem('A')
    await borrow(lending, item, ann, 'patron')
    clock.t += 2 * HOUR - 1
    expect(await borrow(lending, item, bob, 'patron')).toMatchObject({ kind: 'no-copies-left' })
    clock.t += 1
    expect(await borrow(lending, item, bob, 'patron')).toMatchObject({ kind: 'borrowed' })
  })

  it("waits for no sweep: the patron's overdue loan of another item is over", async () => {
    const { lending, addItem, clock, db } = library()
    const [a, b] = [addItem('A'), addItem('B')]
    await borrow(lending, a, ann, 'patron')
    clock.t += 2 * HOUR
    expect(await borrow(lending, b, ann, 'patron')).toMatchObject({ kind: 'borrowed' })
    const over = db.$client
      .prepare("select ended_at = due_at as at_due, ended_by from loans where barcode = 'A'")
      .get()
    expect(over).toEqual({ at_due: 1, ended_by: 'time' })
  })

  it('is refused for an item whose manifest is not there', async () => {
    const { lending, addItem } = library()
    const item = addItem('A')
    const manifests = manifestsOf('missing')
    expect(await borrow({ ...lending, manifests }, item, ann, 'patron')).toEqual({
      kind: 'not-ready',
    })
  })

  it('1.1 D7: lets nobody new in after copies were lowered, until the number fits', async () => {
    const { lending, addItem, db } = library()
    const item = addItem('A', { copies: 3 })
    for (const name of ['c', 'd', 'e']) await borrow(lending, item, patron(name), 'patron')
    db.$client.prepare('update items set copies = 2').run()
    returnItem(lending, item, patron('c'))
    expect(await borrow(lending, item, ann, 'patron')).toMatchObject({ kind: 'no-copies-left' })
    returnItem(lending, item, patron('d'))
    expect(await borrow(lending, item, ann, 'patron')).toMatchObject({ kind: 'borrowed' })
  })

  it('by staff takes a copy and is left out of the statistics', async () => {
    const { lending, addItem, db } = library()
    const item = addItem('A')
    await borrow(lending, item, ann, 'staff')
    expect(db.$client.prepare('select counted from loans').pluck().get()).toBe(0)
    expect(await borrow(lending, item, bob, 'patron')).toMatchObject({ kind: 'no-copies-left' })
  })

  it('stops while the clock is more than five minutes behind what it showed before', async () => {
    const { lending, addItem, clock } = library()
    const item = addItem('A', { copies: 9 })
    lending.loans.see(clock.t)
    await borrow(lending, item, ann, 'patron')
    clock.t -= 5 * MINUTE + 1
    expect(await borrow(lending, item, bob, 'patron')).toEqual({ kind: 'clock-back' })
    clock.t += 1
    expect(await borrow(lending, item, bob, 'patron')).toMatchObject({ kind: 'borrowed' })
  })
})

describe('returning', () => {
  it('ends the loan at once and says from when the patron may borrow it again', async () => {
    const { lending, addItem, clock } = library()
    const item = addItem('A')
    await borrow(lending, item, ann, 'patron')
    clock.t += MINUTE
    const from = clock.t + 30 * MINUTE
    expect(returnItem(lending, item, ann)).toEqual({ kind: 'returned', borrowAgainFrom: from })
    expect(await borrow(lending, item, ann, 'patron')).toEqual({ kind: 'too-soon', from })
    expect(await borrow(lending, item, bob, 'patron')).toMatchObject({ kind: 'borrowed' })
  })

  it('twice, or after the due time, changes nothing', async () => {
    const { lending, addItem, clock, db } = library()
    const item = addItem('A')
    await borrow(lending, item, ann, 'patron')
    returnItem(lending, item, ann)
    const before = db.$client.prepare('select * from loans').all()
    clock.t += HOUR
    expect(returnItem(lending, item, ann)).toEqual({ kind: 'not-on-loan' })
    expect(db.$client.prepare('select * from loans').all()).toEqual(before)
  })

  it('never comes before the start, even when the clock was set back', async () => {
    const { lending, addItem, clock } = library()
    const item = addItem('A')
    await borrow(lending, item, ann, 'patron')
    clock.t -= HOUR
    expect(returnItem(lending, item, ann)).toMatchObject({ kind: 'returned' })
  })
})
