import type { LspChoice } from './lsp.ts'

const NAMES = { folio: 'FOLIO', tind: 'TIND' }

/** @param type the setting LSP_TYPE */
export function chooseLsp(type: 'unconfigured' | 'none' | keyof typeof NAMES): LspChoice {
  if (type === 'unconfigured' || type === 'none') return { kind: 'manual' }
  return { kind: 'no-adapter', name: NAMES[type] }
}
