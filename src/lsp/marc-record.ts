import { isbnOrIssn } from './isbn.ts'
import type { LspRecord } from './lsp.ts'
import { fieldsOf, type Marc, valuesIn, valuesOf } from './marc.ts'
import { withoutIsbd, yearOf } from './punctuation.ts'

/** What cataloguers write before these subfields of a title, where the field has no ISBD. */
const BEFORE: Readonly<Record<string, string>> = { a: ' ', b: ' : ', n: '. ', p: '. ' }

/**
 * What a MARC 21 record tells of an item. Fields in another script (880) are left out.
 *
 * @see https://www.loc.gov/marc/bibliographic/
 */
export function recordOfMarc(marc: Marc, itemId: string, itemPage: string): LspRecord {
  return {
    itemId,
    itemPage,
    ...titleAndAuthor(marc),
    publisher: withoutIsbd(
      valuesOf(marc, '260', 'b')[0] ?? valuesOf(marc, '264', 'b', '1')[0] ?? '',
    ),
    edition: withoutIsbd(valuesOf(marc, '250', 'a')[0] ?? ''),
    year: publicationYear(marc),
    isbnIssn: isbnOrIssn(valuesOf(marc, '020', 'a'), valuesOf(marc, '022', 'a')),
  }
}

/** Where 245 has no $c, its author may stand after ` / ` in the title; AC/DC is a title. */
function titleAndAuthor(marc: Marc): Pick<LspRecord, 'title' | 'author'> {
  const whole = wholeTitle(marc)
  const responsible = valuesOf(marc, '245', 'c')[0]
  const slash = responsible === undefined ? whole.indexOf(' / ') : -1
  const title = slash < 0 ? whole : whole.slice(0, slash)
  const author = responsible ?? (slash < 0 ? '' : whole.slice(slash + 3))
  return { title: withoutIsbd(title), author: withoutBy(author) || headings(marc) }
}

function wholeTitle(marc: Marc): string {
  let title = ''
  for (const { code, value = '' } of fieldsOf(marc, '245')[0]?.subfields ?? []) {
    const before = BEFORE[code]
    if (before === undefined || value.trim() === '') continue
    const punctuated = title === '' || /[:;=/.,]$/.test(title)
    title += (punctuated ? ' ' : before) + value.trim()
  }
  return title.trim()
}

function withoutBy(responsible: string): string {
  return withoutIsbd(responsible.replace(/^\s*(?:\[(?:edited )?by\]|(?:edited )?by)\s+/i, ''))
}

/** The names of the main entry, else of the added ones that are not authors of another work. */
function headings(marc: Marc): string {
  const main = ['100', '110', '111'].flatMap((tag) => valuesOf(marc, tag, 'a'))
  const added = ['700', '710', '711']
    .flatMap((tag) => fieldsOf(marc, tag))
    .filter((field) => valuesIn(field, 't').length === 0)
    .flatMap((field) => valuesIn(field, 'a'))
  const names = main.length > 0 ? main.slice(0, 1) : added
  return [...new Set(names.map(withoutIsbd))].join(' and ')
}

/** Of publication where the record says so, else of any imprint, else Date 1 of field 008. */
function publicationYear(marc: Marc): string {
  const dates = [
    ...valuesOf(marc, '264', 'c', '1'),
    ...valuesOf(marc, '260', 'c'),
    ...valuesOf(marc, '264', 'c'),
  ]
  const date1 = /^.{7}(\d{4})/.exec(fieldsOf(marc, '008')[0]?.value ?? '')?.[1]
  return dates.map(yearOf).find(Boolean) ?? date1 ?? ''
}
