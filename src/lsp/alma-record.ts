import { z } from 'zod'
import { isbnOrIssn } from './isbn.ts'
import type { LspRecord } from './lsp.ts'
import { withoutIsbd, yearOf } from './punctuation.ts'

/** Any field but the numbers may be null, empty, or absent. */
const text = z.string().catch('')

/** @see https://developers.exlibrisgroup.com/alma/apis/docs/xsd/rest_item.xsd/ */
export const ITEM = z.object({
  bib_data: z.object({
    mms_id: z.string().min(1),
    title: text,
    author: text,
    complete_edition: text,
    publisher_const: text,
    date_of_publication: text,
    isbn: text,
    issn: text,
  }),
  item_data: z.object({ pid: z.string().min(1), barcode: text }),
})

export type AlmaItem = z.infer<typeof ITEM>

/** @param pageTemplate the page of an item in Primo, with `{mms_id}` in it, or '' */
export function recordOf({ bib_data: bib, item_data }: AlmaItem, pageTemplate: string): LspRecord {
  return {
    itemId: item_data.pid,
    itemPage: pageTemplate.replaceAll('{mms_id}', encodeURIComponent(bib.mms_id)),
    title: withoutIsbd(bib.title),
    author: withoutIsbd(bib.author),
    publisher: withoutIsbd(bib.publisher_const),
    edition: withoutIsbd(bib.complete_edition),
    year: yearOf(bib.date_of_publication),
    isbnIssn: isbnOrIssn([bib.isbn], [bib.issn]),
  }
}
