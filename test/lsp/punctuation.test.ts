import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withoutIsbd, yearOf } from '../../src/lsp/punctuation.ts'

describe('withoutIsbd', () => {
  it.each([
    ['Example optics :', 'Example optics'],
    ['a primer /', 'a primer'],
    ['Example optics : a primer /', 'Example optics : a primer'],
    ['Sample Press,', 'Sample Press'],
    ['Sample Press ;', 'Sample Press'],
    ['Jane Doe and Wei Li.', 'Jane Doe and Wei Li'],
    ['2nd ed. /', '2nd ed'],
    ['Optique =', 'Optique'],
    ['Why optics? /', 'Why optics?'],
    ['AC/DC', 'AC/DC'],
    ['AC/DC /', 'AC/DC'],
    ['And so on ... /', 'And so on ...'],
    ['Waiting...', 'Waiting...'],
    ['Doe, J.', 'Doe, J.'],
    ['Doe, J.,', 'Doe, J.'],
    ['Lewis, C.S.', 'Lewis, C.S.'],
    ['Sartre, J.-P.', 'Sartre, J.-P.'],
    ['Иванов И. И.', 'Иванов И. И.'],
    ['Müller, Ö.', 'Müller, Ö.'],
    ['A history of the U.S.', 'A history of the U.S.'],
    ['Programming in C++.', 'Programming in C++'],
    ['  two\n   lines ', 'two lines'],
    ['光学入門 /', '光学入門'],
    ['\u0098L’\u009cart /', 'L’art'],
    ['/', ''],
    ['', ''],
  ])('makes %j %j', (text, rest) => {
    expect(withoutIsbd(text)).toBe(rest)
  })

  it('has nothing left to take away from what it gives', () => {
    const text = fc.array(fc.constantFrom(...'aB. /:;,=(\n…')).map((all) => all.join(''))
    fc.assert(fc.property(text, (any) => withoutIsbd(withoutIsbd(any)) === withoutIsbd(any)))
  })
})

describe('yearOf', () => {
  it.each([
    ['1992', '1992'],
    ['c1992', '1992'],
    ['©2012.', '2012'],
    ['[2018]', '2018'],
    ['[1992?]', '1992'],
    ['1999-2001', '1999'],
    ['1992-05', '1992'],
    ['May 1992', '1992'],
    ['12 May 1992', '1992'],
    ['Shōwa 55 [1980]', '1980'],
    ['199-?', ''],
    ['[n.d.]', ''],
    ['', ''],
  ])('of %j is %j', (date, year) => {
    expect(yearOf(date)).toBe(year)
  })
})
