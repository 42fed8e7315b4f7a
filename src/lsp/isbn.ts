/**
 * The ISBN that a catalogue's field begins with; what follows it, as in `9780000000019 (pbk.)`, is
 * left out. Its check digit must be right: a mistyped number is that of no book, or of another.
 *
 * @returns 10 or 13 characters without hyphens, a final X in upper case; '' when there is none
 * @see https://www.isbn-international.org/content/isbn-users-manual (section 5, check digits)
 */
export function isbnOf(text: string): string {
  const isbn = leadingNumber(text)
  if (/^\d{9}[\dX]$/.test(isbn)) return modulo11(isbn) ? isbn : ''
  if (/^97[89]\d{10}$/.test(isbn)) return isbn.endsWith(checkDigit13(isbn)) ? isbn : ''
  return ''
}

/**
 * @param isbn as `isbnOf` gives it
 * @returns the same ISBN in 13 digits, as cover services want it
 */
export function isbn13(isbn: string): string {
  if (isbn.length !== 10) return isbn
  const start = `978${isbn.slice(0, 9)}`
  return start + checkDigit13(start)
}

/**
 * The ISSN that a catalogue's field begins with.
 *
 * @returns in its usual form, `2049-3630`, a final X in upper case; '' when there is none
 * @see ISO 3297, Annex B (check digit)
 */
export function issnOf(text: string): string {
  const issn = leadingNumber(text)
  if (!/^\d{7}[\dX]$/.test(issn) || !modulo11(issn)) return ''
  return `${issn.slice(0, 4)}-${issn.slice(4)}`
}

/** @returns the first right ISBN, else the first right ISSN, else '' */
export function isbnOrIssn(isbns: readonly string[], issns: readonly string[]): string {
  return isbns.map(isbnOf).find(Boolean) ?? issns.map(issnOf).find(Boolean) ?? ''
}

/** Digits at the start and a final X, without the hyphens (of any kind) that people put in it. */
function leadingNumber(text: string): string {
  const [number = ''] = /^(?:\d[\p{Pd}\u00ad]?)+[Xx]?(?![\p{L}\d])/u.exec(text.trim()) ?? []
  return number.replace(/[^\dXx]/g, '').toUpperCase()
}

/** Weights from the length down to 1; the sum must be a multiple of 11; X counts 10. */
function modulo11(number: string): boolean {
  const sum = [...number].reduce(
    (all, digit, at) => all + (digit === 'X' ? 10 : Number(digit)) * (number.length - at),
    0,
  )
  return sum % 11 === 0
}

/** Weights 1 and 3 in turn over the first twelve digits. */
function checkDigit13(digits: string): string {
  const sum = [...digits.slice(0, 12)].reduce(
    (all, digit, at) => all + Number(digit) * (at % 2 === 0 ? 1 : 3),
    0,
  )
  return String((10 - (sum % 10)) % 10)
}
