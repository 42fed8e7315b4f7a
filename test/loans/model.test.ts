import fc from 'fast-check'
import pino from 'pino'
import { expect, it } from 'vitest'
import { HOUR, MINUTE, SECOND } from '../../src/clock.ts'
import { itemsIn } from '../../src/items/items.ts'
import { borrow } from '../../src/loans/borrow.ts'
import { endLoan, endLoansOf, lengthen } from '../../src/loans/desk.ts'
import { deskQueries } from '../../src/loans/desk-queries.ts'
import { daysIn } from '../../src/loans/periods.ts'
import { returnItem } from '../../src/loans/return.ts'
import { createSweep } from '../../src/loans/sweep.ts'
import { totalsIn } from '../../src/loans/totals.ts'
import { endNewest, takeBack } from '../../src/loans/withdraw.ts'
import { cases } from '../support/fuzz.ts'
import { checkInvariants } from '../support/invariants.ts'
import { barcode, library, patron } from '../support/lending.ts'
import { lendingModel } from '../support/lending-model.ts'

const PATRONS = ['ann', 'bob', 'cyd', 'dan']
const ITEMS = ['A', 'B', 'C']
const HOURS = 2

/** The real thing and the model, side by side. */
function both() {
  const { db, clock, lending, addItem } = library()
  const made = lendingModel(clock.t)
  const { model } = made
  for (const item of ITEMS) {
    addItem(item, { copies: 2, hours: String(HOURS) })
    model.items.set(item, { copies: 2, ready: true })
  }
  const items = itemsIn(db)
  const deps = { ...lending, items, desk: deskQueries(db) }
  const newSweep = () =>
    createSweep({
      ...lending,
      totals: totalsIn(db, daysIn('Europe/Zurich')),
      manifests: { dropKept: async () => {} },
      log: pino({ level: 'silent' }),
      monotonic: () => model.monotonic,
    })
  return { db, clock, deps, made, model, items, newSweep, sweep: newSweep() }
}
type Both = ReturnType<typeof both>

/** One thing that happens, to the real one and to the model; both must tell the same of it. */
interface Happening {
  readonly name: string
  readonly real: (both: Both) => unknown
  readonly model: (both: Both) => unknown
}

const someone = fc.constantFrom(...PATRONS)
const something = fc.constantFrom(...ITEMS)
const number = fc.integer({ min: 1, max: 6 })
const length = fc.constantFrom(1, 30 * SECOND, MINUTE, 29 * MINUTE, 31 * MINUTE, HOUR, 2 * HOUR)
const jump = fc.constantFrom(-26 * HOUR, -HOUR, -6 * MINUTE, -4 * MINUTE, 2 * MINUTE, 3 * HOUR)

const passing = (ms: number, monotonicMs: number, name: string): Happening => ({
  name,
  real: ({ clock }) => {
    clock.t += ms
  },
  model: ({ model }) => {
    model.now += ms
    model.monotonic += monotonicMs
  },
})

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(someone, something).map(borrowing) },
  {
    weight: 3,
    arbitrary: fc.tuple(someone, something).map<Happening>(([who, item]) => ({
      name: `${who} returns ${item}`,
      real: ({ deps }) => returnItem(deps, barcode(item), patron(who)).kind,
      model: ({ made }) => made.giveBack(who, item),
    })),
  },
  { weight: 4, arbitrary: length.map((ms) => passing(ms, ms, `${ms} ms pass`)) },
  { weight: 2, arbitrary: jump.map((ms) => passing(ms, 0, `the clock jumps by ${ms} ms`)) },
  {
    weight: 4,
    arbitrary: fc.constant<Happening>({
      name: 'sweep',
      real: ({ sweep }) => sweep(),
      model: ({ made }) => made.sweep(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Happening>({
      name: 'restart',
      real: (both) => {
        both.sweep = both.newSweep()
      },
      model: ({ made }) => made.restart(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(something, fc.integer({ min: 0, max: 3 }))
      .map<Happening>(([item, copies]) => ({
        name: `${item} has ${copies} copies`,
        real: ({ items }) => {
          const { removedAt, ready, addedAt, number, ...draft } = items.find(barcode(item))!
          items.update({ ...draft, copies })
        },
        model: ({ model }) => {
          model.items.get(item)!.copies = copies
        },
      })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(something, fc.constantFrom(true, true, true, false))
      .map<Happening>(([item, ready]) => ({
        name: `${item} is ${ready ? '' : 'not '}ready`,
        real: ({ items }) => void items.setReady(barcode(item), ready),
        model: ({ model }) => {
          model.items.get(item)!.ready = ready
        },
      })),
  },
  {
    weight: 1,
    arbitrary: something.map<Happening>((item) => ({
      name: `${item} is taken back, its loans end`,
      real: ({ deps }) => takeBack(deps, barcode(item), 'end'),
      model: ({ made }) => made.takeBack(item),
    })),
  },
  {
    weight: 2,
    arbitrary: number.map<Happening>((loan) => ({
      name: `the staff end loan ${loan}`,
      real: ({ deps }) => endLoan(deps, loan).kind,
      model: ({ made }) => made.endLoan(loan),
    })),
  },
  {
    weight: 1,
    arbitrary: something.map<Happening>((item) => ({
      name: `the staff end all loans of ${item}`,
      real: ({ deps }) => endLoansOf(deps, barcode(item)).length,
      model: ({ made }) => made.endAll(item),
    })),
  },
  {
    weight: 1,
    arbitrary: something.map<Happening>((item) => ({
      name: `the staff end the newest loans of ${item}`,
      real: ({ deps }) => endNewest(deps, barcode(item), 99),
      model: ({ made }) => made.endNewest(item),
    })),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(number, fc.constantFrom(0.5, 1, 24)).map<Happening>(([id, hours]) => ({
      name: `the staff lengthen loan ${id} by ${hours} h`,
      real: ({ deps, model }) =>
        lengthen(deps, { id, seenDueAt: model.loans[id - 1]?.due ?? 0, hours }).kind,
      model: ({ made }) => made.lengthen(id, hours),
    })),
  },
)

function borrowing([who, item]: [string, string]): Happening {
  return {
    name: `${who} borrows ${item}`,
    async real({ deps, made }) {
      const { kind } = await borrow(deps, barcode(item), patron(who), 'patron')
      if (kind === 'borrowed') {
        const { copies } = deps.items.find(barcode(item))!
        expect(deps.loans.openLoans(barcode(item), deps.clock.now())).toBeLessThanOrEqual(copies)
        expect(made.openOf(item).length, 'before it').toBeLessThan(copies)
      }
      return kind
    },
    model: ({ made }) => made.borrow(who, item, HOURS),
  }
}

it('4.5 invariants: whatever happens in whatever order, loans are those of a small model', async () => {
  const kinds = new Set<unknown>()
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { minLength: 20, maxLength: 80, size: 'max' }),
      async (story) => {
        const pair = both()
        const told: string[] = []
        for (const { name, real, model } of story) {
          told.push(name)
          const outcome = await real(pair)
          kinds.add(outcome)
          expect(outcome, told.join('\n')).toEqual(model(pair))
          expect(loansIn(pair), told.join('\n')).toEqual(pair.model.loans)
          expect(pair.deps.loans.lastSeen()).toBe(pair.model.lastSeen)
          checkInvariants(pair.db.$client)
        }
        pair.db.$client.close()
      },
    ),
    { numRuns: cases(60) },
  )
  // The stories must have met every answer that is not rare.
  for (const kind of ANSWERS) expect(kinds).toContain(kind)
})

const ANSWERS = [
  ...['borrowed', 'on-loan-to-you', 'not-ready', 'too-soon', 'other-item-on-loan'],
  ...['no-copies-left', 'clock-back', 'returned', 'not-on-loan', 'ended', 'loan-over'],
  'lengthened',
]

function loansIn({ db }: Both): unknown[] {
  return db.$client
    .prepare(
      `select patron, barcode as item, started_at as start, due_at as due, ended_at as end,
       ended_by as by from loans order by id`,
    )
    .all()
}
