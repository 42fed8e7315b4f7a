import { SECOND } from '../clock.ts'
import type { LspAnswer, LspTrouble } from '../lsp/lsp.ts'
import { LONGEST_MS } from '../lsp/rested.ts'
import { labelOf } from './item-form.ts'

/** The LSP's answer when it is no whole record. */
export type LspRefusal = Exclude<LspAnswer, { kind: 'found' }>

/**
 * The one place where what the LSP answers becomes words for the staff: what is wrong, and what can
 * be done.
 *
 * @param name what people call the LSP: `FOLIO`, `the catalogue`
 */
export function lspWords(answer: LspRefusal, name: string): string {
  return `${sentences(answer, name)}, or enter the item by hand.`
}

/** The same for whoever runs the server, who enters nothing. */
export function lspReason(answer: LspRefusal, name: string): string {
  return `${sentences(answer, name)}.`
}

function sentences(answer: LspRefusal, name: string): string {
  const words = wordsFor(answer, name)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function wordsFor(answer: LspRefusal, name: string): string {
  switch (answer.kind) {
    case 'not-found':
      return `${name} knows no item with this barcode. Check it`
    case 'several':
      return `${name} has more than one item with this barcode. Have that mended there`
    case 'not-permitted':
      return `${name} does not let Carrel look this up. ${tell('the account')}`
    case 'incomplete': {
      const missing = answer.fields.map((field) => labelOf(field).toLowerCase()).join(', ')
      return `${name} has this item without ${missing}. Add what is missing`
    }
    case 'unreachable': {
      const { retryAfterS } = answer
      const again = retryAfterS === undefined ? 'later' : `in ${seconds(retryAfterS)}`
      return TROUBLES[answer.why](name, `Try again ${again}`)
    }
  }
}

const TROUBLES: Readonly<Record<LspTrouble, (name: string, again: string) => string>> = {
  timeout: (name, again) =>
    `${name} did not answer within ${seconds(LONGEST_MS / SECOND)}. ${again}`,
  connection: (name, again) => `the connection to ${name} failed. ${again}`,
  certificate: (name) =>
    `the certificate of ${name} is not valid or not trusted. ${tell('the certificate')}`,
  redirect: (name) =>
    `${name} did not answer and led to another page instead, as to a sign-in page. ${tell('the address')}`,
  'too-large': (name) => `${name} answered with more than any record has. ${tell('the address')}`,
  forbidden: (name) => `Carrel may not ask ${name} at its address. ${tell('the address')}`,
  busy: (name, again) => `${name} is too busy to answer. ${again}`,
  fault: (name, again) => `${name} reports a fault of its own. ${again}`,
  'not-understood': (name) =>
    `${name} gave an answer that Carrel does not understand. ${tell('the address')}`,
  resting: (name, again) => `${name} failed a moment ago and is left alone for now. ${again}`,
}

const tell = (what: string) => `Tell whoever runs the server to check ${what}`
const seconds = (number: number) => (number === 1 ? '1 second' : `${number} seconds`)

/** The status of a page that tells of it: ours are only those that say that the LSP failed. */
export function lspStatus(answer: LspAnswer): 200 | 502 | 503 | 504 {
  if (answer.kind !== 'unreachable') return answer.kind === 'not-permitted' ? 502 : 200
  if (answer.why === 'timeout') return 504
  return answer.why === 'busy' || answer.why === 'resting' ? 503 : 502
}
