import { DRAFT_DEFAULTS, type DraftField } from '../items/draft.ts'
import type { LspRecord } from '../lsp/lsp.ts'
import type { ItemForm, LookUpPart } from './item-pages.ts'

export type Typed = Readonly<Partial<Record<DraftField, string>>>

/** A sentence for each field that is wrong; the cover is a field of the form, not of the item. */
export type FormFaults = Typed & { readonly cover?: string }

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
  {
    field: 'itemPage',
    wire: 'item_page',
    label: 'Page in the catalogue',
    hint: 'Its address, which readers find on the page of the item.',
    kind: 'text',
  },
  {
    field: 'itemId',
    wire: 'item_id',
    label: 'Number in the library system',
    hint: '',
    kind: 'text',
  },
]

export const NO_LOOK_UP: LookUpPart = { offered: false, answer: '', isFault: false }

/** What was sent, by our words; a field that was not sent is left out. */
export function typedFields(sent: ReadonlyMap<string, string>): Typed {
  const typed = FIELDS.flatMap(({ field, wire }) => {
    const value = sent.get(wire)
    return value === undefined ? [] : [[field, value]]
  })
  return Object.fromEntries(typed) as Typed
}

/** A field's name in forms. */
export function wireOf(field: DraftField): string {
  return FIELDS.find((one) => one.field === field)?.wire ?? field
}

/** What staff call a field. */
export function labelOf(field: DraftField): string {
  return FIELDS.find((one) => one.field === field)?.label ?? field
}

/**
 * The form with what was typed, and a sentence at each field that is wrong. The cursor stands in
 * the first of those, else in the field named.
 */
export function itemForm(
  typed: Typed,
  faults: FormFaults = {},
  cursor = '',
  lookUp: LookUpPart = NO_LOOK_UP,
): ItemForm {
  const fields = FIELDS.map(({ field, wire, label, hint, kind }) => ({
    name: wire,
    label,
    hint,
    kind,
    value: typed[field] ?? DRAFT_DEFAULTS[field],
    fault: faults[field] ?? '',
    required: field === 'barcode' || field === 'title',
  }))
  const cover = {
    name: 'cover',
    label: 'Cover',
    hint: 'A JPEG, PNG or WebP picture smaller than 5 MB.',
    kind: 'file' as const,
    value: '',
    fault: faults.cover ?? '',
    required: false,
  }
  const all = [...fields, cover]
  return { fields: all, cursor: all.find(({ fault }) => fault !== '')?.name ?? cursor, lookUp }
}

/** What was typed, and what the LSP tells where nothing was. */
export function withRecord(typed: Typed, record: LspRecord): Typed {
  const told = Object.entries(record).filter(
    ([field, value]) => value !== '' && (typed[field as DraftField] ?? '').trim() === '',
  )
  return { ...typed, ...Object.fromEntries(told) }
}
