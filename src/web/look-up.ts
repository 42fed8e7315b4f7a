import { BARCODE_RULE, type Barcode, parseBarcode } from '../ids.ts'
import type { LspAnswer } from '../lsp/lsp.ts'
import type { WebDeps } from './context.ts'
import {
  type FormFaults,
  itemForm,
  NO_LOOK_UP,
  type Typed,
  wireOf,
  withRecord,
} from './item-form.ts'
import { lspWords, noAdapterWords } from './lsp-words.ts'
import type { ItemForm, LookUpPart } from './view.ts'

/** Asks the LSP; undefined when there is none to ask. */
export type LookUp = ((barcode: Barcode) => Promise<LspAnswer>) | undefined

/** An adapter that breaks its promise is as good as one that cannot be reached. */
export function lookUpWith({ lsp: choice, log }: Pick<WebDeps, 'lsp' | 'log'>): LookUp {
  if (choice.kind !== 'lsp') return undefined
  return async (barcode) => {
    try {
      const answer = await choice.lsp.lookUp(barcode)
      log.info({ item: barcode, result: answer.kind }, 'lsp.look-up')
      return answer
    } catch (err) {
      log.error({ item: barcode, err }, 'lsp.fault')
      return { kind: 'unreachable', why: 'fault' }
    }
  }
}

/** What the form of an item offers before anything was looked up. */
export function lookUpPart({ lsp }: Pick<WebDeps, 'lsp'>): LookUpPart {
  return { ...NO_LOOK_UP, offered: lsp.kind === 'lsp', noAdapter: noAdapterWords(lsp) }
}

/**
 * The form of an item, its empty fields filled by what the LSP tells; what was typed stays. The
 * cursor stands where it is needed next.
 *
 * @param coverFault what is to be said at the cover: a page cannot keep a chosen file
 */
export async function lookedUpForm(
  deps: WebDeps,
  typed: Typed,
  coverFault: string | undefined,
): Promise<ItemForm> {
  const part = lookUpPart(deps)
  const faults: FormFaults = coverFault === undefined ? {} : { cover: coverFault }
  const barcode = parseBarcode(typed.barcode ?? '')
  if (barcode === undefined) return itemForm(typed, { barcode: BARCODE_RULE, ...faults }, '', part)
  const lookUp = lookUpWith(deps)
  if (lookUp === undefined) return itemForm(typed, faults, 'title', part)
  const answer = await lookUp(barcode)
  switch (answer.kind) {
    case 'found': {
      const words = 'Found in the library system. Check it, then save it.'
      const filled = withRecord(typed, answer.record)
      return itemForm(filled, faults, 'save', { ...part, answer: words })
    }
    case 'incomplete': {
      const [missing = 'title'] = answer.fields
      const told = { ...part, answer: lspWords(answer), isFault: true }
      return itemForm(withRecord(typed, answer.record), faults, wireOf(missing), told)
    }
    default: {
      const cursor = answer.kind === 'not-found' ? 'barcode' : 'title'
      return itemForm(typed, faults, cursor, { ...part, answer: lspWords(answer), isFault: true })
    }
  }
}
