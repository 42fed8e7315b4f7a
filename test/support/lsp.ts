import type { Lsp, LspAnswer, LspRecord } from '../../src/lsp/lsp.ts'

export const RECORD: LspRecord = {
  itemId: 'it-1',
  itemPage: 'https://catalogue.example.edu/it-1',
  title: 'Optics',
  author: 'Doe, J.',
  publisher: 'Press',
  edition: '2nd ed.',
  year: '1999',
  isbnIssn: '9780000000019',
}

/** A library system of the test's own: what it answers for each barcode; it knows no other. */
export function testLsp(answers: Record<string, LspAnswer>): Lsp & { asked: string[] } {
  const asked: string[] = []
  return {
    name: 'the test LSP',
    asked,
    check: async () => ({ kind: 'well' }),
    async lookUp(barcode) {
      asked.push(barcode)
      return answers[barcode] ?? { kind: 'not-found' }
    },
  }
}
