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

  it('4.4 barcode odd: is always one plain path segment', () => {
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

  it('leads to the same patron however often it is parsed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (name) => {
        const once = parsePatronId(name, 'fold')
        if (once !== undefined) expect(parsePatronId(once, 'fold')).toBe(once)
      }),
    )
  })
})
