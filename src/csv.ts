import { stringify } from 'csv-stringify/sync'

/** What a spreadsheet would run: csv-stringify puts an apostrophe before it, `readBulk` takes it off. */
export const ESCAPED_FORMULA = /^'(?=[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20])/

/**
 * RFC 4180, for a spreadsheet: with a byte order mark, without which Excel reads UTF-8 as something
 * else, and with an apostrophe before what it would take for a formula.
 *
 * @returns the head, then a part for each batch of rows
 */
export function* csvParts(
  columns: readonly string[],
  batches: Iterable<readonly object[]>,
): Generator<string> {
  yield `\u{feff}${columns.join(',')}\r\n`
  for (const rows of batches) {
    yield stringify([...rows], {
      columns: [...columns],
      escape_formulas: true,
      record_delimiter: 'windows',
      cast: { boolean: (value) => (value ? 'yes' : 'no') },
    })
  }
}
