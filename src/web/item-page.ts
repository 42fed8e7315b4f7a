import { coverFile } from '../items/covers.ts'
import type { Item } from '../items/items.ts'
import { availability } from '../loans/borrow.ts'
import { type Decision, dueAt } from '../loans/rules.ts'
import type { Answers } from './answers.ts'
import type { Visitor, WebContext, WebDeps } from './context.ts'
import type { ItemPage } from './view.ts'
import { lengthInWords } from './words.ts'

/** The page of an item, which the answer to a loan form without its acceptance is too. */
export function itemPages(deps: WebDeps, answers: Answers) {
  const { clock, words, texts } = deps

  function explain(decision: Decision): { heading: string; explanation: string } {
    const now = clock.now()
    if (decision.kind === 'available')
      return { heading: 'Available', explanation: 'This item is available for loan.' }
    if (decision.kind === 'on-loan-to-you') {
      return {
        heading: 'On loan to you',
        explanation: `You have this item on loan until ${words.when(decision.dueAt, now)}.`,
      }
    }
    const { title, message } = answers.words(decision)
    return { heading: title, explanation: message }
  }

  async function props(item: Item, { patron, role }: Visitor, fault: string): Promise<ItemPage> {
    const { barcode } = item
    const decision = await availability(deps.lending, barcode, patron)
    if (decision.kind === 'no-copies-left' && role === 'patron') {
      deps.statistics.turnAways.note(barcode, patron)
    }
    const now = clock.now()
    return {
      barcode,
      title: item.title,
      metadata: metadata(item),
      itemPage: item.itemPage,
      hasCover: (await coverFile(deps.settings.thumbnailsDir, barcode)) !== undefined,
      state:
        decision.kind === 'available'
          ? 'available'
          : decision.kind === 'on-loan-to-you'
            ? 'on-loan'
            : 'waiting',
      ...explain(decision),
      loanLength: lengthInWords(item.loanHours),
      dueText: words.clockTime(dueAt(now, item.loanHours), now),
      otherBarcode: decision.kind === 'other-item-on-loan' ? decision.barcode : '',
      notice: texts('copyright-notice'),
      fault,
      previewUrl:
        role === 'staff' && (await deps.manifests.current(barcode)).kind === 'valid'
          ? `/preview/${barcode}`
          : '',
    }
  }

  return {
    explain,

    async show(c: WebContext, item: Item, visitor: Visitor): Promise<Response> {
      return answers.page(c, 'item', await props(item, visitor, ''))
    },

    /** The page again, with a sentence at the box that was not ticked. */
    async askToAccept(c: WebContext, item: Item, visitor: Visitor): Promise<Response> {
      const { message } = answers.words({ kind: 'notice-not-accepted' })
      return answers.page(c, 'item', await props(item, visitor, message), 400)
    },
  }
}

/** When this answer will be another one, as far as anybody can tell. */
export function changesAt(decision: Decision): number | undefined {
  switch (decision.kind) {
    case 'on-loan-to-you':
    case 'other-item-on-loan':
      return decision.dueAt
    case 'too-soon':
      return decision.from
    case 'no-copies-left':
      return decision.nextDueAt
    default:
      return undefined
  }
}

function metadata(item: Item): [string, string][] {
  const pairs: [string, string][] = [
    ['Author', item.author],
    ['Publisher', item.publisher],
    ['Edition', item.edition],
    ['Year', item.year],
    ['ISBN/ISSN', item.isbnIssn],
  ]
  return pairs.filter(([, value]) => value !== '')
}

export function iso(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}
