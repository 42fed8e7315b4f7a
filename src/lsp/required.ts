import type { LspAnswer, LspRecord } from './lsp.ts'

/** Without these nobody can tell what is lent. */
const REQUIRED = ['title', 'author', 'year'] as const satisfies readonly (keyof LspRecord)[]

/** @returns found, or incomplete when the platform does not tell the title, the author or the year */
export function answerOf(record: LspRecord): LspAnswer {
  const fields = REQUIRED.filter((field) => record[field] === '')
  return fields.length === 0 ? { kind: 'found', record } : { kind: 'incomplete', fields, record }
}
