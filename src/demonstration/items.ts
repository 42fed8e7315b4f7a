import { type Barcode, parseBarcode } from '../ids.ts'
import { type DraftField, type ItemDraft, parseItemDraft } from '../items/draft.ts'
import { BOOK } from './book/book.ts'

/** The three items of the demonstration. */
export const GUIDE = sampleBarcode('carrel-guide')
export const ALL_OUT = sampleBarcode('carrel-all-out')
export const NOT_READY = sampleBarcode('carrel-not-ready')

export interface SampleItem {
  readonly draft: ItemDraft
  readonly ready: boolean
}

/** One to borrow, one whose copies are all out, one that is not ready. */
export function sampleItems(): SampleItem[] {
  const { title, subtitle, author, publisher, year } = BOOK
  const sample = (fields: Partial<Record<DraftField, string>>, ready: boolean): SampleItem => {
    const reading = parseItemDraft({ author, publisher, year, ...fields })
    if (reading.kind === 'faults') throw new Error(JSON.stringify(reading.faults))
    return { draft: reading.draft, ready }
  }
  return [
    sample({ barcode: GUIDE, title: `${title}: ${subtitle}`, copies: '2', loanHours: '1' }, true),
    sample(
      { barcode: ALL_OUT, title: 'A sample whose copies are all on loan', loanHours: '24' },
      true,
    ),
    sample({ barcode: NOT_READY, title: 'A sample that is not ready yet' }, false),
  ]
}

function sampleBarcode(text: string): Barcode {
  const barcode = parseBarcode(text)
  if (barcode === undefined) throw new Error(`${text} is no barcode`)
  return barcode
}
