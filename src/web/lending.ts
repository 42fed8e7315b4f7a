import { HOUR } from '../clock.ts'
import { parseBarcode } from '../ids.ts'
import { access } from '../loans/access.ts'
import { availability, borrow } from '../loans/borrow.ts'
import { returnItem } from '../loans/return.ts'
import { coolingOffEnd } from '../loans/rules.ts'
import type { Answers } from './answers.ts'
import type { WebDeps } from './context.ts'
import { missingField, readForm } from './forms.ts'
import { VIEWER_POLICY } from './headers.ts'
import { itemPages } from './item-page.ts'
import type { Router } from './routes.ts'
import { lengthInWords } from './words.ts'

/** Borrow, read, return. */
export function lendingRoutes({ route, signedIn }: Router, deps: WebDeps, answers: Answers): void {
  const { clock, words, log, patronHash, lending, loans, texts, statistics } = deps
  const { askToAccept } = itemPages(deps, answers)
  const { reloanWaitMs } = lending
  const toItem = (barcode: string) => ({
    href: `/item/${barcode}`,
    text: 'Go to the page of this item',
  })

  route('/loan', {
    POST: signedIn(async (c, visitor) => {
      const { patron, role } = visitor
      const form = await readForm(c)
      if (form.kind === 'refused') return answers.refuse(c, form.refused)
      const typed = form.fields.get('barcode')
      if (typed === undefined) return answers.refuse(c, missingField('barcode'))
      const barcode = parseBarcode(typed)
      if (barcode === undefined) return answers.refuse(c, { kind: 'unknown-item' })
      const accepted = texts('copyright-notice') === '' || form.fields.get('accepted') === 'yes'
      const result = accepted
        ? await borrow(lending, barcode, patron, role)
        : await availability(lending, barcode, patron)
      const outcome = result.kind === 'available' ? 'notice-not-accepted' : result.kind
      log.info({ item: barcode, patron: patronHash(patron), result: outcome }, 'loan.borrow')
      if (result.kind === 'no-copies-left' && role === 'patron') {
        statistics.turnAways.note(barcode, patron)
      }
      if (result.kind === 'borrowed' || result.kind === 'on-loan-to-you')
        return c.redirect(`/view/${barcode}`, 303)
      const item = deps.items.find(barcode)
      if (result.kind === 'unknown-item' || item === undefined)
        return answers.refuse(c, { kind: 'unknown-item' })
      if (result.kind === 'available') return askToAccept(c, item, visitor)
      return answers.refuse(c, result, toItem(barcode))
    }),
  })

  route('/return/:barcode', {
    POST: signedIn((c, { patron }) => {
      const barcode = parseBarcode(c.req.param('barcode') ?? '')
      if (barcode === undefined || deps.items.find(barcode) === undefined) {
        return answers.refuse(c, { kind: 'unknown-item' })
      }
      const result = returnItem({ loans, clock, reloanWaitMs }, barcode, patron)
      log.info({ item: barcode, patron: patronHash(patron), result: result.kind }, 'loan.return')
      // What the browser kept of the pages goes with the loan.
      c.header('Clear-Site-Data', '"cache"')
      return c.redirect(`/thankyou?barcode=${barcode}`, 303)
    }),
  })

  route('/thankyou', {
    GET: (c) => {
      const visitor = c.get('visitor')
      const barcode = parseBarcode(c.req.query('barcode') ?? '')
      if (barcode === undefined || visitor === undefined) {
        return answers.page(c, 'thank-you', { borrowAgain: '' })
      }
      const now = clock.now()
      const { openLoan, lastEndedAt } = loans.facts(barcode, visitor.patron, now)
      // Whoever has it on loan still, or never had it, is not thanked for a return.
      if (openLoan?.barcode === barcode || lastEndedAt === undefined) {
        return c.redirect(`/item/${barcode}`, 303)
      }
      const from = coolingOffEnd(lastEndedAt, reloanWaitMs)
      const borrowAgain = from > now ? words.when(from, now) : ''
      return answers.page(c, 'thank-you', { borrowAgain })
    },
  })

  route('/view/:barcode', {
    GET: signedIn((c, { patron }) => {
      const barcode = parseBarcode(c.req.param('barcode') ?? '')
      const item = barcode && deps.items.find(barcode)
      if (item === undefined) return answers.refuse(c, { kind: 'unknown-item' })
      const loan = access({ loans, clock }, item.barcode, patron)
      if (loan === undefined)
        return answers.refuse(c, { kind: 'not-on-loan' }, toItem(item.barcode))
      const now = clock.now()
      c.header('Content-Security-Policy', VIEWER_POLICY)
      return answers.page(c, 'view', {
        title: item.title,
        barcode: item.barcode,
        manifestUrl: `${c.get('origin')}/manifests/${item.barcode}`,
        itemUrl: `/item/${item.barcode}`,
        viewer: deps.viewer,
        loan: {
          statusUrl: `/item-status/${item.barcode}`,
          returnUrl: `/return/${item.barcode}`,
          thankYouUrl: `/thankyou?barcode=${item.barcode}`,
          dueAt: new Date(loan.dueAt).toISOString(),
          now: new Date(now).toISOString(),
          reloanText: reloanText(reloanWaitMs),
        },
      })
    }),
  })
}

/** When an item can be borrowed again, to be read before it is returned. */
function reloanText(reloanWaitMs: number): string {
  if (reloanWaitMs === 0) return 'You can borrow it again at once, if a copy is left.'
  const wait = lengthInWords(reloanWaitMs / HOUR)
  return `You can borrow it again ${wait} after that, if a copy is left.`
}
