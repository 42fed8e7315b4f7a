import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseBarcode, parsePatronId } from '../src/ids.ts'

describe('a barcode', () => {
  it.each(['35047019084201', '0001', 'A-1_b.c', 'x'.repeat(64)])(
    'may be %s, as it stands',
    (text) => {
      expect(parseBarcode(text)).toBe(text)
    },
  )

  it('loses the space that a scanner or a paste put around it', () => {
    expect(parseBarcode(' 0042\n')).toBe('0042')
  })

  it.each([
    '',
    ' ',
    '.',
    '..',
    '../x',
    'a/b',
    'a\\b',
    'a b',
    '%2e',
    'a\0',
    '-x',
    '.x',
    '٣٥',
    'x'.repeat(65),
    'a\u200f',
  ])('is never %j', (text) => {
    expect(parseBarcode(text)).toBeUndefined()
  })

  it('is always one plain path segment', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (text) => {
        const barcode = parseBarcode(text)
        if (barcode !== undefined) expect(encodeURIComponent(barcode)).toBe(barcode)
      }),
    )
  })
})

describe('a sign-in name', () => {
  it.each([
    ['Ann@Example.ORG', 'ann@example.org'],
    [' ann ', 'ann'],
    ['ZOE\u0308', 'zo\u00eb'],
    ['zo\u00eb', 'zo\u00eb'],
    ['STRASSE', 'strasse'],
    ['straße', 'straße'],
  ])('%j is the patron %j', (name, patron) => {
    expect(parsePatronId(name, 'fold')).toBe(patron)
  })

  it('keeps its capitals where the site says that they count', () => {
    expect(parsePatronId('AbC', 'exact')).toBe('AbC')
  })

  it.each(['', '  ', 'a,b', 'a;b', 'a\nb', 'a\0', 'x'.repeat(255), 'ë'.repeat(128)])(
    'is nobody when it is %j',
    (name) => {
      expect(parsePatronId(name, 'fold')).toBeUndefined()
    },
  )

  it.each([
    ['\u0130nci', 'i\u0307nci'],
    ['I\u0307NCI', '\u0130nci'],
    ['\u1e9e', 'ß'],
    ['\u212bsa', 'å\u0053A'],
    ['\u2126', 'ω'],
    ['ΑΣ', 'ας'],
    ['e\u0301\u0323', 'ẹ\u0301'],
    ['J\u030c', '\u01f0'],
  ])('1.3 value: %j and %j are one patron', (one, other) => {
    expect(parsePatronId(one, 'fold')).toBe(parsePatronId(other, 'fold'))
    expect(parsePatronId(one, 'fold')).toBeDefined()
  })

  it.each([
    ['ß', 'ss'],
    ['ı', 'i'],
    ['ﬁ', 'fi'],
    ['\uff41', 'a'],
    ['\u0430', 'a'],
  ])('1.3 value: %j and %j are two patrons: there is no other folding', (one, other) => {
    expect(parsePatronId(one, 'fold')).not.toBe(parsePatronId(other, 'fold'))
  })

  it('1.3 value: every spelling of a name leads to one patron, all of which can be seen', () => {
    const hard = fc.constantFrom(...'İıIißẞSſΣσςÅåëéǅǆÞ@.-_ \u0307\u0301\u0323\u0345\u200b\u00a0')
    const names = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.string({ unit: hard, maxLength: 12 }),
    )
    const isSeen = (patron: string) => !/\p{Cc}|\p{Cf}|\p{Cs}|\p{DI}|\p{Zl}|\p{Zp}/u.test(patron)
    fc.assert(
      fc.property(names, (name) => {
        const patron = parsePatronId(name, 'fold')
        for (const form of ['NFC', 'NFD'] as const) {
          expect(parsePatronId(` ${name.normalize(form)}\u3000`, 'fold')).toBe(patron)
        }
        if (patron === undefined) return
        expect(parsePatronId(name.toLowerCase(), 'fold')).toBe(patron)
        expect(isSeen(patron)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('leads to the same patron however often it is parsed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (name) => {
        const once = parsePatronId(name, 'fold')
        if (once !== undefined) expect(parsePatronId(once, 'fold')).toBe(once)
      }),
    )
  })
})
