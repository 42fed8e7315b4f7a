import { parseBarcode } from '../ids.ts'
import { DRAFT_DEFAULTS, type DraftField, parseItemDraft } from '../items/draft.ts'
import type { Answers } from './answers.ts'
import type { WebDeps } from './context.ts'
import { readForm } from './forms.ts'
import type { Router } from './routes.ts'
import type { AddPage } from './view.ts'

type Typed = Readonly<Partial<Record<DraftField, string>>>

/** The form's fields: our word, DIBS's name on the wire, and what staff read. */
const FIELDS: readonly {
  field: DraftField
  wire: string
  label: string
  hint: string
  kind: 'text' | 'number' | 'area'
}[] = [
  {
    field: 'barcode',
    wire: 'barcode',
    label: 'Barcode',
    hint: 'Scan it, or type it.',
    kind: 'text',
  },
  { field: 'title', wire: 'title', label: 'Title', hint: '', kind: 'text' },
  { field: 'author', wire: 'author', label: 'Author', hint: '', kind: 'text' },
  { field: 'publisher', wire: 'publisher', label: 'Publisher', hint: '', kind: 'text' },
  { field: 'edition', wire: 'edition', label: 'Edition', hint: '', kind: 'text' },
  { field: 'year', wire: 'year', label: 'Year', hint: '', kind: 'text' },
  { field: 'isbnIssn', wire: 'isbn_issn', label: 'ISBN or ISSN', hint: '', kind: 'text' },
  {
    field: 'copies',
    wire: 'num_copies',
    label: 'Copies',
    hint: 'Paper copies taken off the shelf: so many loans may run at a time. 0 lends to nobody new.',
    kind: 'number',
  },
  {
    field: 'loanHours',
    wire: 'duration',
    label: 'Loan hours',
    hint: 'How long one loan lasts: 2, or 0.5 for half an hour.',
    kind: 'number',
  },
  { field: 'notes', wire: 'notes', label: 'Notes', hint: 'For the staff only.', kind: 'area' },
]

/** Adding an item by hand. */
export function addRoutes({ route, staffOnly }: Router, deps: WebDeps, answers: Answers): void {
  const { items, audit, clock, log } = deps

  route('/add', {
    GET: staffOnly((c) => {
      const added = parseBarcode(c.req.query('added') ?? '')
      return answers.page(c, 'add', form({}, {}, (added && items.find(added)?.title) ?? ''))
    }),
  })

  route('/update/add', {
    POST: staffOnly(async (c, { patron }) => {
      const sent = await readForm(c)
      if (sent.kind === 'refused') return answers.refuse(c, sent.refused)
      const typed = typedFields(sent.fields)
      const reading = parseItemDraft(typed)
      if (reading.kind === 'faults') return answers.page(c, 'add', form(typed, reading.faults), 400)
      const { draft } = reading
      if (!items.add(draft, clock.now())) {
        const fault = 'There is an item with this barcode already.'
        return answers.page(c, 'add', form(typed, { barcode: fault }), 409)
      }
      audit.record({ at: clock.now(), staff: patron, act: 'add', barcode: draft.barcode })
      log.info({ item: draft.barcode }, 'item.add')
      return c.redirect(`/add?added=${draft.barcode}`, 303)
    }),
  })
}

function typedFields(sent: ReadonlyMap<string, string>): Typed {
  const typed = FIELDS.flatMap(({ field, wire }) => {
    const value = sent.get(wire)
    return value === undefined ? [] : [[field, value]]
  })
  return Object.fromEntries(typed) as Typed
}

/** The page with what was typed, and a sentence at each field that is wrong. */
function form(typed: Typed, faults: Typed, added = ''): AddPage {
  const fields = FIELDS.map(({ field, wire, label, hint, kind }) => ({
    name: wire,
    label,
    hint,
    kind,
    value: typed[field] ?? DRAFT_DEFAULTS[field],
    fault: faults[field] ?? '',
    required: field === 'barcode' || field === 'title',
  }))
  return { fields, added }
}
