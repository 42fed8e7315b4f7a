import { HOUR } from '../clock.ts'
import { parseBarcode } from '../ids.ts'
import { access } from '../loans/access.ts'
import { borrow } from '../loans/borrow.ts'
import { returnItem } from '../loans/return.ts'
import { coolingOffEnd } from '../loans/rules.ts'
import type { Answers } from './answers.ts'
import type { Visitor, WebContext, WebDeps } from './context.ts'
import { readForm } from './forms.ts'
import { VIEWER_POLICY } from './headers.ts'
import type { Router } from './routes.ts'
import { lengthInWords } from './words.ts'

/** Borrow, read, return. */
export function lendingRoutes({ route, signedIn }: Router, deps: WebDeps, answers: Answers): void {
  const { clock, words, log, patronHash, lending, loans, statistics } = deps
  const { reloanWaitMs } = lending
  const toItem = (barcode: string) => ({
    href: `/item/${barcode}`,
    text: 'Go to the page of this item',
  })

  route('/loan', {
    POST: signedIn(async (c, { patron, role }) => {
      const form = await readForm(c)
      if (form.kind === 'refused') return answers.refuse(c, form.refused)
      const barcode = parseBarcode(form.fields.get('barcode') ?? '')
      if (barcode === undefined) return answers.refuse(c, { kind: 'unknown-item' })
      const result = await borrow(lending, barcode, patron, role)
      log.info({ item: barcode, patron: patronHash(patron), result: result.kind }, 'loan.borrow')
      if (result.kind === 'no-copies-left' && role === 'patron') {
        statistics.turnAways.note(barcode, patron)
      }
      if (result.kind === 'borrowed' || result.kind === 'on-loan-to-you')
        return c.redirect(`/view/${barcode}`, 303)
      if (result.kind === 'unknown-item') return answers.refuse(c, result)
      return answers.refuse(c, result, toItem(barcode))
    }),
  })

  route('/return/:barcode', {
    POST: signedIn((c, { patron }) => {
      const barcode = parseBarcode(c.req.param('barcode') ?? '')
      if (barcode === undefined) return answers.refuse(c, { kind: 'unknown-item' })
      const result = returnItem({ loans, clock, reloanWaitMs }, barcode, patron)
      log.info({ item: barcode, patron: patronHash(patron), result: result.kind }, 'loan.return')
      // What the browser kept of the pages goes with the loan.
      c.header('Clear-Site-Data', '"cache"')
      return c.redirect(`/thankyou?barcode=${barcode}`, 303)
    }),
  })

  route('/thankyou', {
    GET: (c) => answers.page(c, 'thank-you', { borrowAgain: borrowAgain(c, c.get('visitor')) }),
  })

  function borrowAgain(c: WebContext, visitor: Visitor | undefined): string {
    const barcode = parseBarcode(c.req.query('barcode') ?? '')
    if (barcode === undefined || visitor === undefined) return ''
    const now = clock.now()
    const { lastEndedAt } = loans.facts(barcode, visitor.patron, now)
    const from = lastEndedAt === undefined ? now : coolingOffEnd(lastEndedAt, reloanWaitMs)
    return from > now ? words.when(from, now) : ''
  }

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
        statusUrl: `/item-status/${item.barcode}`,
        returnUrl: `/return/${item.barcode}`,
        itemUrl: `/item/${item.barcode}`,
        thankYouUrl: `/thankyou?barcode=${item.barcode}`,
        dueAt: new Date(loan.dueAt).toISOString(),
        now: new Date(now).toISOString(),
        reloanText: reloanText(reloanWaitMs),
        demonstration: deps.settings.demonstration,
        viewer: deps.viewer,
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
