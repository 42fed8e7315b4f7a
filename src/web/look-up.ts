import { BARCODE_RULE, parseBarcode } from '../ids.ts'
import type { Lsp, LspAnswer, LspRecord } from '../lsp/lsp.ts'
import type { WebContext, WebDeps } from './context.ts'
import { type FormFaults, itemForm, NO_LOOK_UP, wireOf, withRecord } from './item-form.ts'
import type { ItemFormReading } from './item-form-reading.ts'
import type { ItemForm, LookUpPart } from './item-pages.ts'
import { lspStatus, lspWords } from './lsp-words.ts'

/** The LSP that can be asked; undefined when there is none. */
export type LookUp = Pick<Lsp, 'name' | 'lookUp'> | undefined

/** An adapter that breaks its promise is as good as one that cannot be reached. */
export function lookUpWith({ lsp: choice, log }: Pick<WebDeps, 'lsp' | 'log'>): LookUp {
  if (choice.kind !== 'lsp') return undefined
  const { lsp } = choice
  return {
    name: lsp.name,
    async lookUp(barcode) {
      try {
        const answer = await lsp.lookUp(barcode)
        log.info({ item: barcode, result: answer.kind }, 'lsp.look-up')
        return answer
      } catch (err) {
        log.error({ item: barcode, err }, 'lsp.fault')
        return { kind: 'unreachable', why: 'not-understood' }
      }
    },
  }
}

/** What the form of an item offers before anything was looked up. */
export function lookUpPart({ lsp }: Pick<WebDeps, 'lsp'>): LookUpPart {
  return { ...NO_LOOK_UP, offered: lsp.kind === 'lsp' }
}

/** The form as it was when *Look up* was pressed. */
type LookUpSent = Pick<Extract<ItemFormReading, { kind: 'look-up' }>, 'typed' | 'coverFault'>

interface LookedUp {
  readonly form: ItemForm
  readonly status: ReturnType<typeof lspStatus>
}

/** The fields are far above the button that saves: this stands there and says what was found. */
function foundWords({ title, author, year }: LspRecord, name: string): string {
  return `Found in ${name}: ${[title, author, year].join(', ')}. Check it, then save it.`
}

/**
 * Tells a program when it is worth asking again, where the LSP's answer makes the page a 503.
 *
 * @see RFC 9110, section 10.2.3
 */
export function sayWhenAgain(c: WebContext, answer: LspAnswer): void {
  if (answer.kind !== 'unreachable' || answer.retryAfterS === undefined) return
  c.header('Retry-After', String(answer.retryAfterS))
}

/**
 * The form of an item, its empty fields filled by what the LSP tells; what was typed stays. The
 * cursor stands where it is needed next, and the LSP's answer beside it.
 *
 * @param sent with what is to be said at the cover: a page cannot keep a chosen file
 * @returns the form and the status of the page that shows it
 */
export async function lookedUpForm(
  c: WebContext,
  deps: WebDeps,
  sent: LookUpSent,
): Promise<LookedUp> {
  const { typed, coverFault } = sent
  const part = lookUpPart(deps)
  const faults: FormFaults = coverFault === undefined ? {} : { cover: coverFault }
  const barcode = parseBarcode(typed.barcode ?? '')
  if (barcode === undefined) {
    return { form: itemForm(typed, { barcode: BARCODE_RULE, ...faults }, '', part), status: 200 }
  }
  const lsp = lookUpWith(deps)
  if (lsp === undefined) return { form: itemForm(typed, faults, 'title', part), status: 200 }
  const answer = await lsp.lookUp(barcode)
  sayWhenAgain(c, answer)
  const status = lspStatus(answer)
  if (answer.kind === 'found') {
    const told = { ...part, answer: foundWords(answer.record, lsp.name) }
    return { form: itemForm(withRecord(typed, answer.record), faults, 'save', told), status }
  }
  const told = { ...part, answer: lspWords(answer, lsp.name), isFault: true }
  if (answer.kind === 'incomplete') {
    const [missing = 'title'] = answer.fields
    const filled = withRecord(typed, answer.record)
    return { form: itemForm(filled, faults, wireOf(missing), told), status }
  }
  const cursor = answer.kind === 'not-found' ? 'barcode' : 'title'
  return { form: itemForm(typed, faults, cursor, told), status }
}
