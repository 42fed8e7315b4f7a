import { z } from 'zod'
import { isbnOrIssn } from './isbn.ts'
import type { LspRecord } from './lsp.ts'
import { type Marc, valuesOf as marcValuesOf } from './marc.ts'
import { recordOfMarc } from './marc-record.ts'
import { withoutIsbd, yearOf } from './punctuation.ts'

/** A number of Koha's, which some releases and proxies write as a string. */
const id = z.union([z.string().min(1), z.int()]).transform(String)
/** Columns may be null, absent in older releases, or numbers. */
const text = z.union([z.string(), z.number()]).transform(String).catch('')

/** @see https://github.com/Koha-Community/Koha/blob/main/api/v1/swagger/definitions/item.yaml */
export const ITEMS = z.array(z.object({ item_id: id, biblio_id: id, external_id: text }))

export type KohaItem = z.infer<typeof ITEMS>[number]

/** @see https://github.com/Koha-Community/Koha/blob/main/Koha/Biblioitem.pm (to_api_mapping) */
export const BIBLIO = z.object({
  title: text,
  subtitle: text,
  part_number: text,
  part_name: text,
  author: text,
  publisher: text,
  edition_statement: text,
  publication_year: text,
  copyright_date: text,
  isbn: text,
  issn: text,
})

export type Biblio = z.infer<typeof BIBLIO>

/** @param opac the address of Koha's public catalogue, or '' */
export function recordOf(item: KohaItem, biblio: Biblio, opac: string): LspRecord {
  return {
    itemId: item.item_id,
    itemPage: opac === '' ? '' : pageOf(opac, item.biblio_id),
    title: titleOf(biblio),
    author: valuesOf(biblio.author).map(withoutIsbd).join(' and '),
    publisher: withoutIsbd(valuesOf(biblio.publisher)[0] ?? ''),
    edition: withoutIsbd(valuesOf(biblio.edition_statement)[0] ?? ''),
    year: yearOf(biblio.publication_year) || yearOf(biblio.copyright_date),
    isbnIssn: isbnOrIssn(valuesOf(biblio.isbn), valuesOf(biblio.issn)),
  }
}

/** Koha also keeps UNIMARC, where the same numbers of fields mean something else. */
export function isMarc21(marc: Marc): boolean {
  return marcValuesOf(marc, '245', 'a').length > 0
}

/** @returns the record with what the MARC record tells where it was empty */
export function filledFrom(marc: Marc, record: LspRecord): LspRecord {
  const told = Object.entries(recordOfMarc(marc, record.itemId, record.itemPage))
  const empty = told.filter(([field]) => record[field as keyof LspRecord] === '')
  return { ...record, ...Object.fromEntries(empty) }
}

/** MARC fields that occur more than once, as Koha joins them in one column. */
function valuesOf(column: string): string[] {
  return column.split('|').filter((value) => value.trim() !== '')
}

/** `Example optics : a primer. Part 2. Lenses`; the columns have their ISBD signs, or have none. */
function titleOf({ title, subtitle, part_number, part_name }: Biblio): string {
  const join = (values: string[], sign: string) =>
    values.map(withoutIsbd).filter(Boolean).join(sign)
  // An equals sign leads over to the title in another language.
  const sign = /=\s*$/.test(title) ? ' = ' : ' : '
  const name = join([...valuesOf(title), ...valuesOf(subtitle)], sign)
  return join([name, ...valuesOf(part_number), ...valuesOf(part_name)], '. ')
}

function pageOf(opac: string, biblioId: string): string {
  const page = '/cgi-bin/koha/opac-detail.pl?biblionumber='
  return opac.replace(/\/+$/, '') + page + encodeURIComponent(biblioId)
}
