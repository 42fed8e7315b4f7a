import type { EpochMs } from '../clock.ts'
import { parseBarcode } from '../ids.ts'
import { endLoan, endLoansOf, lengthen } from '../loans/desk.ts'
import type { DeskLoan } from '../loans/desk-queries.ts'
import { coolingOffEnd } from '../loans/rules.ts'
import type { Answers } from './answers.ts'
import type { Visitor, WebContext, WebDeps } from './context.ts'
import type { LoanPage, LoanRow } from './desk-pages.ts'
import { readForm } from './forms.ts'
import type { Router } from './routes.ts'

const ROWS = 50
const HOURS_FAULT = 'Enter a number of hours from 0.02 (about a minute) to 8760 (a year).'
const TO_LOANS = { href: '/loans', text: 'Go to the list of loans' }

/** The staff's list of loans: what is out, until when; ending and lengthening. */
export function loansRoutes({ route, staffOnly }: Router, deps: WebDeps, answers: Answers): void {
  const { clock, words, loans, desk, items, audit, log, lending } = deps
  const { reloanWaitMs } = lending
  const acting = { loans, desk, clock }

  function row(loan: DeskLoan, now: EpochMs): LoanRow {
    const { endedAt, barcode } = loan
    const item = items.find(barcode)
    return {
      id: loan.id,
      barcode: loan.barcode,
      title: loan.title,
      started: words.when(loan.startedAt, now),
      due: words.when(loan.dueAt, now),
      isThere: item !== undefined,
      isOpen: endedAt === undefined,
      mayLast: item !== undefined && loans.openLoans(barcode, now) <= item.copies,
      patron: loan.patron ?? '',
      state:
        endedAt === undefined
          ? 'On loan'
          : `Cooling off until ${words.clockTime(coolingOffEnd(endedAt, reloanWaitMs), now)}`,
    }
  }

  /** The numbers and times that a done act shows once, from the address it led to. */
  function done(c: WebContext): string {
    const ended = /^\d{1,6}$/.exec(c.req.query('ended') ?? '')
    if (ended === null) return ''
    return ended[0] === '1' ? '1 loan ended.' : `${ended[0]} loans ended.`
  }

  route('/loans', {
    GET: staffOnly((c) => {
      const now = clock.now()
      const typed = (c.req.query('barcode') ?? '').trim()
      const barcode = parseBarcode(typed)
      if (typed !== '' && barcode === undefined) {
        return answers.page(c, 'loans', { ...EMPTY, typed, fault: 'This is not a barcode.' }, 400)
      }
      const question = { now, reloanWaitMs, barcode }
      const total = desk.count(question)
      const pages = Math.max(1, Math.ceil(total / ROWS))
      const page = pageNumber(c, pages)
      const newestDueFirst = c.req.query('sort') === '-due'
      const shown = desk.page(question, {
        limit: ROWS,
        offset: (page - 1) * ROWS,
        newestDueFirst,
      })
      return answers.page(c, 'loans', {
        typed,
        fault: '',
        done: done(c),
        rows: shown.map((loan) => row(loan, now)),
        total,
        page,
        pages,
        newestDueFirst,
        openOfItem: barcode === undefined ? 0 : loans.openLoans(barcode, now),
        title: (barcode && items.find(barcode)?.title) ?? '',
      })
    }),
  })

  function loanPage(loan: DeskLoan, hours = '', fault = '', lengthened = false): LoanPage {
    const now = clock.now()
    return {
      ...row(loan, now),
      dueAt: loan.dueAt,
      whyNotLonger: answers.words({ kind: 'more-loans-than-copies' }).message,
      hours,
      fault,
      done: lengthened ? `The loan is now due ${words.when(loan.dueAt, now)}.` : '',
    }
  }

  const find = (id: number) => desk.find(id, { now: clock.now(), reloanWaitMs })

  route('/loans/:id{[0-9]+}', {
    GET: staffOnly((c) => {
      const loan = find(Number(c.req.param('id')))
      if (loan === undefined) return answers.refuse(c, { kind: 'loan-over' }, TO_LOANS)
      const lengthened = c.req.query('lengthened') === String(loan.dueAt)
      return answers.page(c, 'loan', loanPage(loan, '', '', lengthened))
    }),
  })

  route('/loans/end', {
    POST: staffOnly(async (c, visitor) => {
      const form = await readForm(c)
      if (form.kind === 'refused') return answers.refuse(c, form.refused)
      const id = wholeNumber(form.fields.get('loan'))
      const barcode = parseBarcode(form.fields.get('barcode') ?? '')
      if ((id === undefined) === (barcode === undefined)) {
        const why = 'Either the number of a loan or a barcode is needed.'
        return answers.refuse(c, { kind: 'bad-form', why })
      }
      if (barcode !== undefined) return endAll(c, visitor, barcode)
      const result = audit.together(() => {
        const result = endLoan(acting, id ?? 0)
        if (result.kind === 'ended') record(visitor, 'end-loan', result.barcode, `loan ${id}`)
        return result
      })
      if (result.kind === 'loan-over') return answers.refuse(c, result, TO_LOANS)
      return c.redirect('/loans?ended=1', 303)
    }),
  })

  function endAll(c: WebContext, visitor: Visitor, barcode: DeskLoan['barcode']): Response {
    if (items.find(barcode) === undefined) {
      return answers.refuse(c, { kind: 'unknown-item' }, TO_LOANS)
    }
    const ended = audit.together(() => {
      const ended = endLoansOf(acting, barcode)
      for (const id of ended) record(visitor, 'end-loan', barcode, `loan ${id}`)
      return ended
    })
    return c.redirect(`/loans?barcode=${barcode}&ended=${ended.length}`, 303)
  }

  route('/loans/lengthen', {
    POST: staffOnly(async (c, visitor) => {
      const form = await readForm(c)
      if (form.kind === 'refused') return answers.refuse(c, form.refused)
      const id = wholeNumber(form.fields.get('loan'))
      const seenDueAt = wholeNumber(form.fields.get('due_at'))
      if (id === undefined || seenDueAt === undefined) {
        const why = 'The number of the loan and its due time are needed.'
        return answers.refuse(c, { kind: 'bad-form', why })
      }
      const typed = form.fields.get('hours') ?? ''
      const hours = parseHours(typed)
      if (hours === undefined) {
        const loan = find(id)
        if (loan === undefined) return answers.refuse(c, { kind: 'loan-over' }, TO_LOANS)
        return answers.page(c, 'loan', loanPage(loan, typed, HOURS_FAULT), 400)
      }
      const result = audit.together(() => {
        const result = lengthen(acting, { id, seenDueAt, hours })
        if (result.kind === 'lengthened') {
          const due = new Date(result.dueAt).toISOString()
          record(visitor, 'lengthen-loan', result.barcode, `loan ${id}, due ${due}`)
        }
        return result
      })
      if (result.kind !== 'lengthened') {
        return answers.refuse(c, result, {
          href: `/loans/${id}`,
          text: 'Go to this loan',
        })
      }
      return c.redirect(`/loans/${id}?lengthened=${result.dueAt}`, 303)
    }),
  })

  /** The loan's number, and never who reads. */
  function record(
    { patron }: Visitor,
    act: string,
    barcode: DeskLoan['barcode'],
    detail: string,
  ): void {
    audit.record({ at: clock.now(), staff: patron, act, barcode, detail })
    log.info({ item: barcode, detail }, `desk.${act}`)
  }
}

const EMPTY = {
  done: '',
  rows: [],
  total: 0,
  page: 1,
  pages: 1,
  newestDueFirst: false,
  openOfItem: 0,
  title: '',
}

/** The page asked for, or the nearest there is. */
export function pageNumber(c: WebContext, pages: number): number {
  return Math.min(Math.max(wholeNumber(c.req.query('page')) ?? 1, 1), pages)
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function parseHours(text: string): number | undefined {
  const trimmed = text.trim()
  const hours = /^\d{1,4}(\.\d{1,4})?$/.test(trimmed) ? Number(trimmed) : 0
  return hours >= 0.02 && hours <= 8760 ? hours : undefined
}
