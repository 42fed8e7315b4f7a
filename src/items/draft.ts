import { z } from 'zod'
import { BARCODE_RULE, type Barcode, parseBarcode } from '../ids.ts'

/** What staff say of an item, by form or script, before it is one. */
export interface ItemDraft {
  readonly barcode: Barcode
  readonly title: string
  readonly author: string
  readonly publisher: string
  readonly edition: string
  readonly year: string
  readonly isbnIssn: string
  /** The item's number in the library services platform, or ''. */
  readonly itemId: string
  /** Its page in the library's catalogue, or ''. */
  readonly itemPage: string
  readonly notes: string
  readonly copies: number
  readonly loanHours: number
}

export type DraftField = keyof ItemDraft

export type DraftReading =
  | { readonly kind: 'draft'; readonly draft: ItemDraft }
  /** One sentence for each field that is wrong. */
  | { readonly kind: 'faults'; readonly faults: Readonly<Partial<Record<DraftField, string>>> }

const COPIES = 'Copies must be a whole number from 0 to 999.'
const LOAN_HOURS = 'Loan hours must be a number from 0.02 (about a minute) to 8760 (a year).'

const line = (name: string, most: number) =>
  z
    .string()
    .trim()
    .max(most, `${name} must be ${most} characters or fewer.`)
    .refine((value) => !/\p{Cc}/u.test(value), `${name} must be one line of plain text.`)

const draft = z.object({
  barcode: z.string().transform((value, context) => {
    const barcode = parseBarcode(value)
    if (barcode !== undefined) return barcode
    context.addIssue({ code: 'custom', message: BARCODE_RULE })
    return z.NEVER
  }),
  title: line('Title', 1000).min(1, 'Enter the title.'),
  author: line('Author', 1000),
  publisher: line('Publisher', 500),
  edition: line('Edition', 200),
  year: line('Year', 50),
  isbnIssn: line('ISBN or ISSN', 100),
  itemId: line('Number in the library system', 200),
  itemPage: line('Page in the catalogue', 2000).refine(
    (value) => value === '' || (/^https?:\/\//i.test(value) && URL.canParse(value)),
    'Page in the catalogue must be an address that starts with https:// or http://.',
  ),
  notes: z.string().trim().max(10_000, 'Notes must be 10,000 characters or fewer.'),
  copies: z
    .string()
    .trim()
    .regex(/^\d{1,3}$/, COPIES)
    .transform(Number),
  loanHours: z
    .string()
    .trim()
    .regex(/^\d{1,4}(\.\d{1,4})?$/, LOAN_HOURS)
    .transform(Number)
    .refine((hours) => hours >= 0.02 && hours <= 8760, LOAN_HOURS),
})

/** What a field holds when nobody says anything: 1 copy, lent for 2 hours. */
export const DRAFT_DEFAULTS: Readonly<Record<DraftField, string>> = {
  barcode: '',
  title: '',
  author: '',
  publisher: '',
  edition: '',
  year: '',
  isbnIssn: '',
  itemId: '',
  itemPage: '',
  notes: '',
  copies: '1',
  loanHours: '2',
}

/** The item as the fields of a form would hold it. */
export function draftFields(item: ItemDraft): Record<DraftField, string> {
  const fields = Object.keys(DRAFT_DEFAULTS) as DraftField[]
  return Object.fromEntries(fields.map((field) => [field, String(item[field])])) as Record<
    DraftField,
    string
  >
}

/** @param fields as typed; a missing one is taken as its default */
export function parseItemDraft(
  fields: Readonly<Partial<Record<DraftField, string>>>,
): DraftReading {
  const reading = draft.safeParse({ ...DRAFT_DEFAULTS, ...fields })
  if (reading.success) return { kind: 'draft', draft: reading.data }
  const faults: Partial<Record<DraftField, string>> = {}
  for (const issue of reading.error.issues) faults[issue.path[0] as DraftField] ??= issue.message
  return { kind: 'faults', faults }
}
