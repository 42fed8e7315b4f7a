import type { LspAnswer, LspChoice } from '../lsp/lsp.ts'
import { labelOf } from './item-form.ts'

/** The one place where what the LSP answers becomes words for the staff. */
export function lspWords(answer: Exclude<LspAnswer, { kind: 'found' }>): string {
  switch (answer.kind) {
    case 'not-found':
      return 'The library system knows no item with this barcode. Check it, or enter the item by hand.'
    case 'several':
      return 'The library system has more than one item with this barcode. Enter the item by hand.'
    case 'not-permitted':
      return 'The library system does not let Carrel look this up. Tell whoever runs the server, and enter the item by hand.'
    case 'incomplete': {
      const missing = answer.fields.map((field) => labelOf(field).toLowerCase()).join(', ')
      return `The library system has this item without ${missing}. Add it by hand.`
    }
    case 'unreachable': {
      const { retryAfterS } = answer
      const again =
        retryAfterS === undefined
          ? 'later'
          : retryAfterS === 1
            ? 'in 1 second'
            : `in ${retryAfterS} seconds`
      return `The library system does not answer just now. Try again ${again}, or enter the item by hand.`
    }
  }
}

/** Why nothing can be looked up although the settings name a library system, or ''. */
export function noAdapterWords(choice: LspChoice): string {
  if (choice.kind !== 'no-adapter') return ''
  return `Look-up in ${choice.name} is not available in this version yet: items are entered by hand.`
}
