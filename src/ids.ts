/** Names that come from outside. Each has one parser, and only the parser makes one. */

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** The public key of an item. Always a string: leading zeros count. */
export type Barcode = Branded<'Barcode'>

/** One patron or member of staff, in the one spelling that all spellings of the name lead to. */
export type PatronId = Branded<'PatronId'>

/** What a barcode may look like, in words for a form. */
export const BARCODE_RULE =
  'A barcode has 1 to 64 letters, digits, dots, hyphens or underscores and starts with a letter or digit.'

/**
 * @param text what somebody typed, scanned or requested; space around it is dropped
 * @returns the barcode, or undefined when the text is not one. A barcode is safe as a file name
 *   and as one segment of a URL path.
 */
export function parseBarcode(text: string): Barcode | undefined {
  const trimmed = text.trim()
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(trimmed) ? (trimmed as Barcode) : undefined
}

/** `fold`: Ann and ann are one person. `exact`: they are two (sites with opaque identifiers). */
export type NameCase = 'fold' | 'exact'

const LARGEST_NAME_BYTES = 254

/** Includes halves of surrogate pairs, which are no characters at all. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Z}/u

/**
 * The one patron that a sign-in name stands for: trimmed, NFC, lower case (no other folding), NFC.
 *
 * @param name as the sign-in gave it, already decoded
 * @returns undefined for a name that nobody has: empty, over 254 bytes, with a comma or semicolon
 *   (the sign of several values in one header), or with what cannot be seen (control and format
 *   characters, other spaces than the plain one), which would let two names look like one
 */
export function parsePatronId(name: string, nameCase: NameCase): PatronId | undefined {
  const trimmed = name.trim().normalize('NFC')
  const folded = nameCase === 'fold' ? trimmed.toLowerCase().normalize('NFC') : trimmed
  if (folded === '' || Buffer.byteLength(folded) > LARGEST_NAME_BYTES) return undefined
  if (UNSEEN.test(folded) || /[,;]/.test(folded)) return undefined
  return folded as PatronId
}
