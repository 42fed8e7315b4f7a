import type { DraftField } from '../../src/items/draft.ts'

/** The option of the command line for each field of an item. */
export const OPTIONS = {
  title: 'title',
  author: 'author',
  publisher: 'publisher',
  edition: 'edition',
  year: 'year',
  isbnIssn: 'isbn',
  itemId: 'item-id',
  itemPage: 'item-page',
  notes: 'notes',
  copies: 'copies',
  loanHours: 'hours',
} as const satisfies Readonly<Record<Exclude<DraftField, 'barcode'>, string>>

/** What was given on the command line. */
export type Options = Readonly<Partial<Record<string, string | boolean>>>
