import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cqlQuery, cqlTerm } from '../../src/lsp/cql.ts'

describe('cqlTerm', () => {
  it.each([
    ['35047000000017', '"35047000000017"'],
    ['" or cql.allRecords=1 or "', '"\\" or cql.allRecords=1 or \\""'],
    ['\\', '"\\\\"'],
    ['\\"', '"\\\\\\""'],
    ['*', '"\\*"'],
    ['^35?', '"\\^35\\?"'],
    ['', '""'],
  ])('1.8 CQL: of %j is %s', (text, term) => {
    expect(cqlTerm(text)).toBe(term)
  })

  it('1.8 CQL: is one quoted string, which stands for the text, whatever the text is', () => {
    const text = fc.array(fc.constantFrom(...'a"\\*?^ ='), { maxLength: 12 })
    fc.assert(
      fc.property(
        text.map((all) => all.join('')),
        (any) => {
          const term = cqlTerm(any)
          expect(term).toMatch(/^"(?:[^"\\*?^]|\\.)*"$/)
          expect(term.slice(1, -1).replace(/\\(.)/g, '$1')).toBe(any)
        },
      ),
    )
  })
})

describe('cqlQuery', () => {
  it.each([
    ['dc.barcode={barcode}', 'dc.barcode="x$&"'],
    ['dc.barcode == "{barcode}"', 'dc.barcode == "x$&"'],
    ['a={barcode} or b={barcode}', 'a="x$&" or b="x$&"'],
  ])('of %s is %s', (template, query) => {
    expect(cqlQuery(template, 'x$&')).toBe(query)
  })
})
