/**
 * A text as a CQL term that stands for itself: in double quotes, with a backslash before what would
 * end it or mask letters (`"`, `\`, `*`, `?`, `^`).
 *
 * @see https://www.loc.gov/standards/sru/cql/contextSets/theCqlContextSet.html (masking rules)
 */
export function cqlTerm(text: string): string {
  return `"${text.replace(/["\\*?^]/g, '\\$&')}"`
}

/**
 * @param template a CQL query with `{barcode}` in it; quotes that somebody put around it are ours
 * @returns the query for one barcode
 */
export function cqlQuery(template: string, barcode: string): string {
  return template.replace(/"\{barcode\}"|\{barcode\}/g, () => cqlTerm(barcode))
}
