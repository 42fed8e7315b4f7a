import { endNewest, takeBack } from '../loans/withdraw.ts'
import type { Answers } from './answers.ts'
import type { WebDeps } from './context.ts'
import { BAD_READERS, type ItemRequest, itemActs, readersField } from './item-acts.ts'
import type { ConfirmPage } from './item-pages.ts'
import type { Refused } from './refusals.ts'
import type { Router } from './routes.ts'
import { endLoansWords, loansStillRun, manifestFault, overCopies } from './words.ts'

/** Making an item ready and taking it back. What ends somebody's reading asks first. */
export function readyRoutes(router: Router, deps: WebDeps, answers: Answers): void {
  const { items, loans, manifests, clock, log, words, audit } = deps
  const { forItem, record, badForm } = itemActs(router, deps, answers)
  const clockTime = (at: number) => words.clockTime(at, clock.now())

  async function whyNotReady({ item }: ItemRequest): Promise<Refused | undefined> {
    const why = manifestFault(await manifests.current(item.barcode))
    return why === '' ? undefined : { kind: 'cannot-be-ready', why }
  }

  router.route('/ready', {
    GET: forItem((c, request) => {
      const times = loans.dueTimes(request.item.barcode, clock.now())
      if (times.length === 0) return c.redirect(request.itemInList, 303)
      return answers.page(
        c,
        'confirm',
        askToTakeBack(request, times.length, loansStillRun(times, clockTime)),
      )
    }),
    POST: forItem(async (c, request, visitor) => {
      const { item, field, itemInList } = request
      const ready = field('ready')
      const readers = readersField(request)
      if (ready !== 'yes' && ready !== 'no') return badForm(c, 'The field ready must be yes or no.')
      if (readers === undefined) return badForm(c, BAD_READERS)
      if (ready === 'yes') {
        const refused = await whyNotReady(request)
        const link = { href: itemInList, text: 'Go to the list of items' }
        if (refused !== undefined) return answers.refuse(c, refused, link)
        audit.together(() => {
          items.setReady(item.barcode, true)
          record(request, visitor, 'ready')
        })
      } else {
        audit.together(() =>
          record(request, visitor, 'not-ready', takeBack(deps, item.barcode, readers)),
        )
      }
      log.info({ item: item.barcode, ready: ready === 'yes' }, 'item.ready')
      return c.redirect(itemInList, 303)
    }),
  })

  router.route('/end-newest', {
    GET: forItem((c, request) => {
      const { item, itemInList } = request
      const times = loans.dueTimes(item.barcode, clock.now())
      const over = times.length - item.copies
      if (over <= 0) return c.redirect(itemInList, 303)
      const sentence = overCopies(times, item.copies, clockTime)
      return answers.page(c, 'confirm', askToEndNewest(request, over, sentence))
    }),
    POST: forItem((c, request, visitor) => {
      const { item, field, itemInList } = request
      const most = field('loans') ?? ''
      if (!/^[1-9]\d{0,8}$/.test(most)) return badForm(c, 'The field loans must be a number.')
      const ended = audit.together(() => {
        const ended = endNewest(deps, item.barcode, Number(most))
        if (ended > 0) record(request, visitor, 'end-newest', ended)
        return ended
      })
      log.info({ item: item.barcode, ended }, 'item.end-newest')
      return c.redirect(itemInList, 303)
    }),
  })
}

function askToTakeBack(
  { item, fields, itemInList }: ItemRequest,
  open: number,
  sentence: string,
): ConfirmPage {
  const others = item.ready
    ? 'Nobody new can borrow this item once you have taken it back.'
    : 'Nobody new can borrow this item: it is not ready.'
  return {
    title: item.ready ? 'Take back' : 'Not ready, but still read',
    item: item.title,
    paragraphs: [others],
    choice: {
      name: 'readers',
      legend: 'Those who read it now',
      type: 'radio',
      options: [
        { value: 'finish', label: 'Let them finish', hint: sentence, checked: true },
        {
          value: 'end',
          label: endLoansWords(open),
          hint: 'Their pages close at once, and the paper copy may go back to the shelf.',
          checked: false,
        },
      ],
    },
    fault: '',
    path: '/ready',
    fields: [...fields, ['ready', 'no']],
    button: item.ready ? 'Take back' : 'Continue',
    back: itemInList,
  }
}

function askToEndNewest(
  { item, fields, itemInList }: ItemRequest,
  over: number,
  sentence: string,
): ConfirmPage {
  const button = over === 1 ? 'End the newest now' : `End the ${over} newest now`
  return {
    title: over === 1 ? 'End the newest loan' : `End the ${over} newest loans`,
    item: item.title,
    paragraphs: [
      sentence,
      'If you end the newest now, their pages close at once, and as many loans run on as there are copies.',
    ],
    choice: undefined,
    fault: '',
    path: '/end-newest',
    fields: [...fields, ['loans', String(over)]],
    button,
    back: itemInList,
  }
}
