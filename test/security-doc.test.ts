import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

const [listed = '', dependencies = ''] = readFileSync(join(ROOT, 'docs/security.md'), 'utf8').split(
  '\n## Dependencies\n',
)

/** The rows of all tables of threats and faults, heads left out. */
const rows = listed
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| row |'))

/** Names of tests by file: a file in backticks, a colon, the names in quotation marks. */
function cited(row: string): [file: string, name: string][] {
  const cell = row.split(' | ').at(-1) ?? ''
  return [...cell.matchAll(/`(test\/[\w./-]+\.test\.ts)`: ("[^"]+"(?:, "[^"]+")*)/g)].flatMap(
    ([, file = '', names = '']) =>
      [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']): [string, string] => [file, name]),
  )
}

describe('the list of threats and faults', () => {
  it('names a test for each row, or says why there is none', () => {
    expect(rows.length).toBeGreaterThan(40)
    const bare = rows.filter((row) => cited(row).length === 0 && !/Not tested here: \w/.test(row))
    expect(bare).toEqual([])
  })

  it('names tests that there are', () => {
    const missing = rows.flatMap(cited).filter(([file, name]) => {
      const path = join(ROOT, file)
      const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
      return !["'", '"', '`'].some((quote) => text.includes(quote + name + quote))
    })
    expect(missing).toEqual([])
  })
})

describe('the list of dependencies', () => {
  const told = [
    ...dependencies.matchAll(/^\| `([^`]+)` \| (\S+) \| (\S+) \| (\S+) \| (.+) \|$/gm),
  ].map(([, name = '', version = '', ...rest]) => ({ name, version, rest }))

  it('names every package that Carrel runs on, in the version that it has', () => {
    const { dependencies: all, optionalDependencies } = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    )
    const listed = Object.fromEntries(told.map(({ name, version }) => [name, version]))
    expect(listed).toEqual({ ...all, ...optionalDependencies })
  })

  it('says when each was released, when last, and what it may reach', () => {
    for (const { name, rest } of told) {
      const [released = '', last = '', reach = ''] = rest
      expect([released, last].join(' '), name).toMatch(/^(\d{4}-\d\d-\d\d ?){2}$/)
      expect(released <= last, name).toBe(true)
      expect(reach, name).toMatch(/\.$/)
    }
  })
})
