import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from '../../src/clock.ts'
import { coolingOffEnd, decide, dueAt, type Facts } from '../../src/loans/rules.ts'
import { barcode } from '../support/lending.ts'

const NOW = Date.UTC(2026, 0, 2, 10)
const A = barcode('A')
const B = barcode('B')
const item = { barcode: A, copies: 2, loanHours: 2, ready: true }

const free: Facts = {
  now: NOW,
  item,
  manifestVersion: 'v1',
  openLoan: undefined,
  lastEndedAt: undefined,
  dueTimes: [],
  reloanWaitMs: 30 * MINUTE,
  lastSeen: NOW,
}

describe('who may borrow what', () => {
  const due = NOW + HOUR
  it.each<[string, Partial<Facts>, object]>([
    [
      'no such item',
      { item: undefined, openLoan: { barcode: A, dueAt: due } },
      { kind: 'unknown-item' },
    ],
    [
      'the patron has it, whatever else is so',
      {
        openLoan: { barcode: A, dueAt: due },
        item: { ...item, ready: false, copies: 0 },
        manifestVersion: undefined,
      },
      { kind: 'on-loan-to-you', dueAt: due },
    ],
    [
      'it is not ready, before any wait is named',
      { item: { ...item, ready: false }, lastEndedAt: NOW - 1 },
      { kind: 'not-ready' },
    ],
    ['its manifest is not valid', { manifestVersion: undefined }, { kind: 'not-ready' }],
    [
      'the patron had it a moment ago, before another loan counts',
      { lastEndedAt: NOW - MINUTE, openLoan: { barcode: B, dueAt: due } },
      { kind: 'too-soon', from: NOW + 29 * MINUTE },
    ],
    [
      'the patron has another item, before copies count',
      { openLoan: { barcode: B, dueAt: due }, dueTimes: [due, due] },
      { kind: 'other-item-on-loan', barcode: B, dueAt: due },
    ],
    [
      'all copies are out',
      { dueTimes: [due, due + HOUR] },
      { kind: 'no-copies-left', nextDueAt: due },
    ],
    [
      'copies were lowered below the loans: one return is not enough',
      { dueTimes: [due, due + HOUR, due + 2 * HOUR] },
      { kind: 'no-copies-left', nextDueAt: due + HOUR },
    ],
    [
      'there are no copies at all',
      { item: { ...item, copies: 0 } },
      { kind: 'no-copies-left', nextDueAt: undefined },
    ],
    [
      'the clock was set back by more than five minutes',
      { lastSeen: NOW + 5 * MINUTE + 1 },
      { kind: 'clock-back' },
    ],
    [
      'the wait is just over',
      { lastEndedAt: NOW - 30 * MINUTE },
      { kind: 'available', dueAt: NOW + 2 * HOUR, manifestVersion: 'v1' },
    ],
    [
      'a copy is left',
      { dueTimes: [due] },
      { kind: 'available', dueAt: NOW + 2 * HOUR, manifestVersion: 'v1' },
    ],
  ])('%s', (_, facts, answer) => {
    expect(decide({ ...free, ...facts })).toEqual(answer)
  })
})

describe('the ends of a loan and of the wait after it', () => {
  it('lie on a whole minute, an exact one staying as it is', () => {
    expect(dueAt(NOW, 2)).toBe(NOW + 2 * HOUR)
    expect(dueAt(NOW + 1, 2)).toBe(NOW + 2 * HOUR + MINUTE)
    expect(dueAt(NOW, 0.02)).toBe(NOW + 2 * MINUTE)
    expect(coolingOffEnd(NOW, 30 * MINUTE)).toBe(NOW + 30 * MINUTE)
    expect(coolingOffEnd(NOW - 1, 30 * MINUTE)).toBe(NOW + 30 * MINUTE)
  })
})
