/** Ends with three dots or with an initial: `Doe, J.`, `C.S.`, `Иванов И.`; such a dot stays. */
const DOT_STAYS = /\.\.\.$|(?:^|[\s.\p{Pd}([])\p{Lu}\.$/u

/**
 * A field of a catalogue without the punctuation that leads over to the next field, with single
 * spaces and without control characters (some catalogues put them around a leading article):
 * `Example optics : a primer /` becomes `Example optics : a primer`.
 *
 * @see ISBD Consolidated Edition, A.3 (prescribed punctuation)
 */
export function withoutIsbd(text: string): string {
  let rest = text
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}/gu, '')
    .trim()
  while (/[/:;,=]$/.test(rest) || (rest.endsWith('.') && !DOT_STAYS.test(rest))) {
    rest = rest.slice(0, -1).trimEnd()
  }
  return rest
}

/**
 * The year in a date as people write it: `c1992`, `[2018]`, `May 1992`; of `1999-2001` the first.
 *
 * @returns four digits, or ''
 */
export function yearOf(date: string): string {
  return /\d{4}/.exec(date)?.[0] ?? ''
}
