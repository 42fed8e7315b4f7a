import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvParts, ESCAPED_FORMULA } from '../src/csv.ts'

const read = (cells: string[]): string[] => {
  const text = [...csvParts(['a'], [cells.map((a) => ({ a }))])].join('')
  const rows: { a: string }[] = parse(text, { bom: true, columns: true, relax_column_count: false })
  return rows.map(({ a }) => a)
}

describe('a cell of a CSV file', () => {
  it('1.8 CSV: is no formula, whatever it begins with', () => {
    const starts = ['=', '+', '-', '@', '\t', '\r', '\uff1d', '\uff0b', '\uff0d', '\uff20']
    const cells = starts.map((start) => `${start}cmd|' /C calc'!A0`)
    expect(read(cells)).toEqual(cells.map((cell) => `'${cell}`))
  })

  it('1.8 CSV: comes back as it was, but for the apostrophe', () => {
    const cell = fc.string({ unit: fc.constantFrom(...'=+-@\t\r\n",;\'ab ë') })
    fc.assert(
      fc.property(
        fc.array(
          cell.filter((text) => text !== ''),
          { minLength: 1 },
        ),
        (cells) => {
          expect(read(cells).map((text) => text.replace(ESCAPED_FORMULA, ''))).toEqual(
            cells.map((text) => text.replace(ESCAPED_FORMULA, '')),
          )
        },
      ),
    )
  })
})
