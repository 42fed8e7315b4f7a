import { z } from 'zod'
import { isbnOrIssn } from './isbn.ts'
import type { LspRecord } from './lsp.ts'
import { withoutIsbd, yearOf } from './punctuation.ts'

/** Identifier types that every FOLIO has under the same number (its reference data). */
const ISBN = '8261054f-be78-422d-bd51-4ed9f33c3422'
const ISSN = '913300b2-03ed-469a-8179-c1092c991227'

/** A text that may be missing, or be an object around the text, as releases differ. */
const text = z
  .union([z.string(), z.object({ value: z.string() }).transform(({ value }) => value)])
  .catch('')
const list = <Shape extends z.ZodType>(shape: Shape) => z.array(shape).catch([])

/**
 * What is read of an instance, the bibliographic record of FOLIO; anything but its id may be missing.
 *
 * @see https://github.com/folio-org/mod-inventory/blob/master/ramls/instance.json
 */
export const INSTANCE = z.object({
  id: z.string().min(1),
  title: text,
  indexTitle: text,
  contributors: list(
    z.object({ name: text, primary: z.boolean().optional().catch(undefined) }).catch({ name: '' }),
  ),
  publication: list(
    z
      .object({ publisher: text, dateOfPublication: text })
      .catch({ publisher: '', dateOfPublication: '' }),
  ),
  dates: z.object({ date1: text }).catch({ date1: '' }),
  editions: list(text),
  identifiers: list(
    z.object({ identifierTypeId: text, value: text }).catch({ identifierTypeId: '', value: '' }),
  ),
})

export type Instance = z.infer<typeof INSTANCE>

/** How items are found in a discovery service, by the settings. */
export interface PageSettings {
  /** EDS_PAGE_TEMPLATE */
  readonly template: string
  /** FOLIO_ACCESSION_PREFIX, with or without the dot at its end */
  readonly prefix: string
}

/** The record of an instance, by the rules of DIBS where they are safe. */
export function recordOf(instance: Instance, page: PageSettings): LspRecord {
  const { title, author } = titleAndAuthor(instance.title || instance.indexTitle)
  const [publication] = instance.publication
  const valuesOf = (type: string) =>
    instance.identifiers
      .filter(({ identifierTypeId }) => identifierTypeId === type)
      .map(({ value }) => value)
  return {
    itemId: instance.id,
    itemPage: page.template.replaceAll('{accession_number}', accessionNumber(instance.id, page)),
    title,
    author: author || contributorsOf(instance),
    publisher: (publication?.publisher ?? '').trim(),
    edition: (instance.editions[0] ?? '').trim(),
    year: yearOf(publication?.dateOfPublication ?? '') || yearOf(instance.dates.date1),
    isbnIssn: isbnOrIssn(valuesOf(ISBN), valuesOf(ISSN)),
  }
}

/** What stands between title and author, in the order in which it is looked for. */
const BETWEEN = [
  / \/ by /i,
  /\[by\]/i,
  // ISBD's own sign; with its spaces, or `AC/DC` would be cut in two.
  / \/ /,
  // Without that sign only: what is behind it may go on with `, by` itself. A name must follow.
  /, by (?=\p{Lu})(?!.*, by \p{Lu})/u,
]

/** FOLIO's title holds both: `Marbles : mania / by Ellen Forney.` */
export function titleAndAuthor(whole: string): { title: string; author: string } {
  const text = whole.replace(/\s+/g, ' ').trim()
  for (const between of BETWEEN) {
    const { index = 0, 0: sign = '' } = between.exec(text) ?? {}
    if (index === 0) continue
    const author = text.slice(index + sign.length).trim()
    return {
      title: withoutIsbd(text.slice(0, index)),
      author: withoutIsbd(author.replace(/^(edited by|by) /i, '')),
    }
  }
  return { title: withoutIsbd(text), author: '' }
}

function contributorsOf({ contributors }: Instance): string {
  const names = contributors.map(({ name }) => nameOf(name)).filter((name) => name !== '')
  const alone = contributors.length === 1 && contributors[0]?.primary === false
  return names.join(' and ') + (alone && names.length > 0 ? ' et al.' : '')
}

/** A name without years and what else stands behind it: `Li, Wei, 1970-` is `Li, Wei`. */
function nameOf(name: string): string {
  return name
    .replace(/,[^,\d]*\d.*$|\s*\(.*$/, '')
    .trim()
    .replace(/,$/, '')
}

/** `clc.ada3b101.0000.4000.8000.000000000042` */
function accessionNumber(id: string, { prefix }: PageSettings): string {
  const before = prefix === '' || prefix.endsWith('.') ? prefix : `${prefix}.`
  return before + encodeURIComponent(id.replaceAll('-', '.'))
}
