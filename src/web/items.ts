import { type Barcode, parseBarcode } from '../ids.ts'
import { coverFile } from '../items/covers.ts'
import type { Item } from '../items/items.ts'
import { availability } from '../loans/borrow.ts'
import { type Decision, dueAt } from '../loans/rules.ts'
import type { Answers } from './answers.ts'
import type { Visitor, WebContext, WebDeps } from './context.ts'
import type { Refused } from './refusals.ts'
import type { Router } from './routes.ts'
import type { ItemPage } from './view.ts'
import { lengthInWords } from './words.ts'

/** The item's page, and its state as JSON for the pages that keep themselves up to date. */
export function itemRoutes({ route, signedIn }: Router, deps: WebDeps, answers: Answers): void {
  const { clock, words } = deps

  function find(c: WebContext): { item: Item; barcode: Barcode } | undefined {
    const barcode = parseBarcode(c.req.param('barcode') ?? '')
    const item = barcode && deps.items.find(barcode)
    return item && { item, barcode: item.barcode }
  }

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

  async function itemPage(
    { item, barcode }: { item: Item; barcode: Barcode },
    { patron, role }: Visitor,
  ): Promise<ItemPage> {
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
      changesAt: iso(changesAt(decision)) ?? '',
      loanLength: lengthInWords(item.loanHours),
      dueText: words.clockTime(dueAt(now, item.loanHours), now),
      otherBarcode: decision.kind === 'other-item-on-loan' ? decision.barcode : '',
    }
  }

  const noSuchItem: Refused = { kind: 'unknown-item' }

  route('/item/:barcode', {
    GET: signedIn(async (c, visitor) => {
      const found = find(c)
      if (found === undefined) return answers.refuse(c, noSuchItem)
      return answers.page(c, 'item', await itemPage(found, visitor))
    }),
  })

  route('/item-status/:barcode', {
    GET: async (c) => {
      const visitor = c.get('visitor')
      if (visitor === undefined) return answers.refuseJson(c, { kind: 'not-signed-in' })
      const found = find(c)
      if (found === undefined) return answers.refuseJson(c, noSuchItem)
      const decision = await availability(deps.lending, found.barcode, visitor.patron)
      const onLoan = decision.kind === 'on-loan-to-you'
      const status = {
        available: decision.kind === 'available',
        loaned_by_user: onLoan,
        explanation: explain(decision).explanation,
        when_available: onLoan ? null : iso(changesAt(decision)),
        due_at: onLoan ? iso(decision.dueAt) : null,
        now: iso(clock.now()),
      }
      return c.json(status, 200, { 'Cache-Control': 'no-store' })
    },
  })
}

/** When this answer will be another one, as far as anybody can tell. */
function changesAt(decision: Decision): number | undefined {
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

function iso(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}
