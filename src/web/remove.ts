import { removeItem } from '../loans/withdraw.ts'
import type { Answers } from './answers.ts'
import type { WebDeps } from './context.ts'
import { BAD_READERS, type ItemRequest, itemActs, readersField } from './item-acts.ts'
import type { ConfirmPage } from './item-pages.ts'
import type { Router } from './routes.ts'
import { endLoansWords } from './words.ts'

/** Removing an item from the library's list. */
export function removeRoutes(router: Router, deps: WebDeps, answers: Answers): void {
  const { loans, clock, log, audit } = deps
  const { forItem, record, badForm } = itemActs(router, deps, answers)

  router.route('/remove', {
    GET: forItem((c, request) => {
      const times = loans.dueTimes(request.item.barcode, clock.now())
      const until = times.at(-1)
      if (until === undefined) return answers.page(c, 'confirm', ask(request))
      const { message } = answers.words({ kind: 'still-on-loan', loans: times.length, until })
      return answers.page(c, 'confirm', ask(request, times.length, message))
    }),
    POST: forItem((c, request, visitor) => {
      const { item, list } = request
      const readers = readersField(request)
      if (readers === undefined) return badForm(c, BAD_READERS)
      const removal = audit.together(() => {
        const removal = removeItem(deps, item.barcode, readers)
        if (removal.kind === 'removed') record(request, visitor, 'remove', removal.ended)
        return removal
      })
      if (removal.kind === 'unknown-item') return answers.refuse(c, removal)
      if (removal.kind === 'still-on-loan') {
        const { message } = answers.words(removal)
        const page = { ...ask(request, removal.loans), fault: message }
        return answers.page(c, 'confirm', page, 409)
      }
      log.info({ item: item.barcode, ended: removal.ended }, 'item.remove')
      return c.redirect(`${list}${list.includes('?') ? '&' : '?'}removed=${item.barcode}`, 303)
    }),
  })
}

/** @param stillOnLoan the sentence about the loans that still run, where it is not the fault */
function ask({ item, fields, itemInList }: ItemRequest, open = 0, stillOnLoan = ''): ConfirmPage {
  return {
    title: 'Remove',
    item: item.title,
    paragraphs: [
      'The item goes from the list, and nobody can borrow it. Its past loans stay in the statistics.',
      `Its scans, images, manifest and cover stay where they are. If you add the barcode ${item.barcode} again, it has them again.`,
      ...(stillOnLoan ? [stillOnLoan] : []),
    ],
    choice:
      open === 0
        ? undefined
        : {
            name: 'readers',
            legend: 'Those who read it now',
            type: 'checkbox',
            options: [
              {
                value: 'end',
                label: endLoansWords(open),
                hint: 'Their pages close at once.',
                checked: false,
              },
            ],
          },
    fault: '',
    path: '/remove',
    fields,
    button: 'Remove the item',
    back: itemInList,
  }
}
