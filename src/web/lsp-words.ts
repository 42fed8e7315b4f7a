import { SECOND } from '../clock.ts'
import type { DraftField } from '../items/draft.ts'
import type { LspAnswer, LspTrouble } from '../lsp/lsp.ts'
import { LONGEST_MS } from '../lsp/rested.ts'
import { labelOf } from './item-form.ts'

/** The LSP's answer when it is no whole record. */
export type LspRefusal = Exclude<LspAnswer, { kind: 'found' }>

/**
 * The one place where what the LSP answers becomes words: what is wrong, and what can be done.
 * These are for staff who are adding an item, which they can always do by hand.
 *
 * @param name what people call the LSP: `FOLIO`, `the catalogue`
 */
export function lspWords(answer: LspRefusal, name: string): string {
  const words = lspReason(answer, name)
  if (answer.kind === 'incomplete') return `${words} Add what is missing.`
  return `${words.slice(0, -1)}, or enter the item by hand.`
}

/** The same for staff who look at an item that is here already. */
export function lspReason(answer: LspRefusal, name: string): string {
  return sentence(wordsFor(answer, name, 'Tell whoever runs the server to check'))
}

/** The same for whoever runs the server, with the code of the trouble where there is one. */
export function lspDiagnosis(answer: LspRefusal, name: string): string {
  const words = sentence(wordsFor(answer, name, 'Check'))
  const code = answer.kind === 'unreachable' ? answer.code : undefined
  return code === undefined ? words : `${words} (${code})`
}

/** Words that begin with the LSP's name, as a sentence: it may be `the catalogue`. */
export function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
}

/** @param check what the reader is to do about what is wrong on our side */
function wordsFor(answer: LspRefusal, name: string, check: string): string {
  switch (answer.kind) {
    case 'not-found':
      return `${name} knows no item with this barcode. Check it`
    case 'several':
      return `${name} has more than one item with this barcode. Have that mended there`
    case 'not-permitted':
      return `${name} does not let Carrel look this up. ${check} the account`
    case 'incomplete':
      return `${name} has this item without ${listed(answer.fields.map(fieldWords))}`
    case 'unreachable':
      return troubleWords(answer, name, check)
  }
}

const fieldWords = (field: DraftField) => labelOf(field).toLowerCase()

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

type Unreachable = Extract<LspAnswer, { kind: 'unreachable' }>

function troubleWords({ why, retryAfterS }: Unreachable, name: string, check: string): string {
  const again = `Try again ${retryAfterS === undefined ? 'later' : `in ${seconds(retryAfterS)}`}`
  const troubles: Readonly<Record<LspTrouble, string>> = {
    timeout: `${name} did not answer within ${seconds(LONGEST_MS / SECOND)}. ${again}`,
    connection: `the connection to ${name} failed. ${again}`,
    certificate: `the certificate of ${name} is not valid or not trusted. ${check} the certificate`,
    redirect: `${name} did not answer and led to another page instead, as to a sign-in page. ${check} the address`,
    'too-large': `${name} answered with more than any record has. ${check} the address`,
    forbidden: `Carrel may not ask ${name} at its address. ${check} the address`,
    busy: `${name} is too busy to answer. ${again}`,
    fault: `${name} reports a fault of its own. ${again}`,
    'not-understood': `${name} gave an answer that Carrel does not understand. ${check} the address`,
    resting: `${name} failed a moment ago and is left alone for now. ${again}`,
  }
  return troubles[why]
}

const seconds = (number: number) => (number === 1 ? '1 second' : `${number} seconds`)

/** The status of a page that tells of it: ours are only those that say that the LSP failed. */
export function lspStatus(answer: LspAnswer): 200 | 502 | 503 | 504 {
  if (answer.kind !== 'unreachable') return answer.kind === 'not-permitted' ? 502 : 200
  if (answer.why === 'timeout') return 504
  return answer.why === 'busy' || answer.why === 'resting' ? 503 : 502
}
