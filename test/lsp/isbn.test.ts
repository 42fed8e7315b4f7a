import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isbn13, isbnOf, isbnOrIssn, issnOf } from '../../src/lsp/isbn.ts'

describe('isbnOf', () => {
  it.each([
    ['9780000000019', '9780000000019'],
    ['9780000000019 (pbk. : alk. paper)', '9780000000019'],
    ['978-0-00-000001-9', '9780000000019'],
    ['978‐0‐00‐000001‐9', '9780000000019'],
    ['9780000000019:', '9780000000019'],
    ['9780000000019(pbk.)', '9780000000019'],
    ['  9780000000019\n', '9780000000019'],
    ['9791034300013', '9791034300013'],
    ['0000000019', '0000000019'],
    ['0-8044-2957-X (cloth)', '080442957X'],
    ['080442957x', '080442957X'],
  ])('of %j is %s', (text, isbn) => {
    expect(isbnOf(text)).toBe(isbn)
  })

  it.each([
    ['a wrong check digit of 13', '9780000000018'],
    ['a wrong check digit of 10', '0000000018'],
    ['another prefix', '9770000000012'],
    ['an X in the middle', '08044295X7'],
    ['an X at the end of 13', '978000000001X'],
    ['a qualifier without a number', '(pbk.)'],
    ['a price', '$12.50'],
    ['digits of another script', '٩٧٨٠٠٠٠٠٠٠٠١٩'],
    ['a number that letters follow', '9780000000019a'],
    ['digits of a word', 'ISBN9780000000019'],
    ['too many digits', '97800000000190'],
    ['nothing', ''],
  ])('knows none in %s', (_, text) => {
    expect(isbnOf(text)).toBe('')
  })

  it('takes no ISBN in which one digit was mistyped', () => {
    const mistyped = fc.tuple(fc.nat(12), fc.nat(8)).map(([at, digit]) => {
      const right = '9780000000019'
      const other = digit < Number(right[at]) ? digit : digit + 1
      return right.slice(0, at) + other + right.slice(at + 1)
    })
    fc.assert(fc.property(mistyped, (text) => isbnOf(text) === ''))
  })
})

describe('isbn13', () => {
  it.each([
    ['080442957X', '9780804429573'],
    ['0000000019', '9780000000019'],
    ['9780000000019', '9780000000019'],
  ])('of %s is %s', (isbn, thirteen) => {
    expect(isbn13(isbn)).toBe(thirteen)
  })

  it('makes an ISBN of every ISBN', () => {
    const nine = fc.array(fc.nat(9), { minLength: 9, maxLength: 9 }).map((all) => all.join(''))
    fc.assert(
      fc.property(nine, (digits) => {
        const ten = [...'0123456789X'].map((last) => isbnOf(digits + last)).filter(Boolean)
        expect(ten).toHaveLength(1)
        expect(isbnOf(isbn13(ten[0] ?? ''))).toHaveLength(13)
      }),
    )
  })
})

describe('issnOf', () => {
  it.each([
    ['2049-3630', '2049-3630'],
    ['20493630 (online)', '2049-3630'],
    ['2434-561x', '2434-561X'],
    ['2049-3631', ''],
    ['2434-561X9', ''],
    ['9780000000019', ''],
    ['', ''],
  ])('of %j is %j', (text, issn) => {
    expect(issnOf(text)).toBe(issn)
  })
})

describe('isbnOrIssn', () => {
  it.each<[isbns: string[], issns: string[], number: string]>([
    [['(pbk.)', '9780000000018', '0000000019 (hbk.)'], [], '0000000019'],
    [['9780000000019'], ['2049-3630'], '9780000000019'],
    [['9780000000018'], ['2049-3631', '2049-3630'], '2049-3630'],
    [[], [], ''],
  ])('of %j and %j is %j', (isbns, issns, number) => {
    expect(isbnOrIssn(isbns, issns)).toBe(number)
  })
})
