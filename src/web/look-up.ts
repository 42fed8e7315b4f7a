import type { Barcode } from '../ids.ts'
import type { LspAnswer } from '../lsp/lsp.ts'
import type { WebDeps } from './context.ts'

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
      return { kind: 'unreachable' }
    }
  }
}
