import { auditIn } from '../src/audit/audit.ts'
import { MINUTE } from '../src/clock.ts'
import {
  argumentsOrExit,
  giveUp,
  misunderstood,
  openDbOrExit,
  settingsOrExit,
} from '../src/command.ts'
import type { Db } from '../src/db/open.ts'
import { BARCODE_RULE, type Barcode, parseBarcode } from '../src/ids.ts'
import { itemsIn } from '../src/items/items.ts'
import { endLoan, endLoansOf } from '../src/loans/desk.ts'
import { type DeskLoan, deskQueries } from '../src/loans/desk-queries.ts'
import { loanQueries } from '../src/loans/queries.ts'
import type { Settings } from '../src/settings.ts'

const HELP = `What is on loan.

  npm run loans -- list [--item BARCODE] [--with-patrons] [--json]
                                            open loans, and those just over that cool off
  npm run loans -- end NUMBER               ends the loan of this number
  npm run loans -- end --item BARCODE       ends every open loan of the item
  npm run loans -- end --item BARCODE --newest N     ends those N that began last

  --with-patrons    name the patrons of open loans too; keep what it prints to yourself
  --json            say it as JSON
  --settings FILE   the settings file (default: settings.ini)
  --help            this text

Times are UTC. Exit: 0 done, 1 refused, 2 not understood.`

console.log(main())

/** @returns what to print */
function main(): string {
  const { values, positionals } = argumentsOrExit(HELP, {
    text: ['item', 'newest'],
    flags: ['with-patrons', 'json'],
    words: 2,
  })
  const [verb, ...words] = positionals
  const settings = settingsOrExit(values.settings)
  const barcode = values.item === undefined ? undefined : barcodeOf(values.item)
  if (verb === 'list') {
    if (words.length > 0) misunderstood(`too many words: ${words.join(' ')}`)
    if (values.newest !== undefined) misunderstood('--newest goes with end')
    const loans = running(openDbOrExit(settings), settings, barcode)
    const shown = loans.map((loan) => asShown(loan, values['with-patrons'] === true))
    return values.json ? JSON.stringify(shown, null, 2) : shown.map(asLine).join('\n')
  }
  if (verb !== 'end') {
    misunderstood(verb === undefined ? 'say list or end' : `${verb}: no such verb`)
  }
  if (values['with-patrons']) misunderstood('--with-patrons goes with list')
  const ended =
    barcode === undefined
      ? endOne(words, values.newest, settings)
      : endOfItem(barcode, words, values.newest, settings)
  if (values.json) return JSON.stringify({ ended })
  return ended.length === 0 ? 'no loan was open' : `ended: loan ${ended.join(', ')}`
}

function running(db: Db, settings: Settings, barcode: Barcode | undefined): DeskLoan[] {
  const reloanWaitMs = settings.reloanWaitMinutes * MINUTE
  const desk = deskQueries(db)
  const question = { now: Date.now(), reloanWaitMs, barcode }
  return desk.page(question, { limit: desk.count(question), offset: 0, newestDueFirst: false })
}

function asShown({ patron, endedAt, ...loan }: DeskLoan, withPatrons: boolean) {
  return {
    number: loan.id,
    barcode: loan.barcode,
    title: loan.title,
    state: endedAt === undefined ? 'open' : 'cooling off',
    startedAt: iso(loan.startedAt),
    dueAt: iso(loan.dueAt),
    ...(endedAt === undefined ? {} : { endedAt: iso(endedAt) }),
    ...(withPatrons && patron !== undefined ? { patron } : {}),
  }
}

function asLine({ number, barcode, state, ...loan }: ReturnType<typeof asShown>): string {
  const when = loan.endedAt === undefined ? `due ${loan.dueAt}` : `ended ${loan.endedAt}`
  const who = loan.patron === undefined ? [] : [loan.patron]
  return [number, barcode, state, `since ${loan.startedAt}`, when, loan.title, ...who].join('\t')
}

function endOne(words: string[], newest: string | undefined, settings: Settings): number[] {
  const [word] = words
  if (word === undefined) misunderstood('give the NUMBER of a loan, or --item BARCODE')
  if (newest !== undefined) misunderstood('--newest goes with --item')
  const number = wholeNumber(word, 'the number of a loan')
  const { deps, audit, record } = deskOf(settings)
  const ending = audit.together(() => {
    const ending = endLoan(deps, number)
    if (ending.kind === 'ended') record(ending.barcode, [number])
    return ending
  })
  if (ending.kind === 'loan-over') {
    giveUp([`loan ${number} is over already, or there is none of this number`])
  }
  return [number]
}

function endOfItem(
  barcode: Barcode,
  words: string[],
  newest: string | undefined,
  settings: Settings,
): number[] {
  if (words.length > 0) misunderstood('give the NUMBER of a loan or --item, not both')
  const most = newest === undefined ? undefined : wholeNumber(newest, '--newest')
  const { db, deps, audit, record } = deskOf(settings)
  if (itemsIn(db).find(barcode) === undefined) giveUp([`there is no item ${barcode}`])
  return audit.together(() => {
    const ended = endLoansOf(deps, barcode, most)
    record(barcode, ended)
    return ended
  })
}

function deskOf(settings: Settings) {
  const db = openDbOrExit(settings)
  const audit = auditIn(db)
  return {
    db,
    audit,
    deps: { loans: loanQueries(db), desk: deskQueries(db), clock: Date },
    record(barcode: Barcode, loans: readonly number[]) {
      for (const loan of loans) {
        const detail = `loan ${loan}`
        audit.record({ at: Date.now(), staff: 'script', act: 'end-loan', barcode, detail })
      }
    },
  }
}

function wholeNumber(text: string, what: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) misunderstood(`${text}: ${what} is a whole number above 0`)
  return Number(text)
}

function barcodeOf(text: string): Barcode {
  return parseBarcode(text) ?? misunderstood(`${text}: ${BARCODE_RULE}`)
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
