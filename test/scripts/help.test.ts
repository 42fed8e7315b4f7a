import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { scriptFolder } from '../support/scripts.ts'
import { settingsOf } from '../support/settings.ts'

const read = (file: string) => readFileSync(join(import.meta.dirname, '../..', file), 'utf8')

describe('npm run help', () => {
  it('names every command, and the settings of every LSP as they work and stand in the README', async () => {
    const { out } = await scriptFolder().run('help')
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const told = [...out.matchAll(/^ {2}npm (?:run )?([\w-]+) /gm)].map(([, name]) => name)
    expect(told.sort()).toEqual(Object.keys(scripts).sort())
    const blocks = out.match(/^ {4}LSP_TYPE.*(\n {4}.*)+/gm) ?? []
    expect(blocks.map((block) => settingsOf(block).lspType).sort()).toEqual([
      'alma',
      'folio',
      'koha',
      'sru',
      'tind',
    ])
    for (const block of blocks) expect(read('README.md')).toContain(`\n\n${block}\n\n`)
  })
})
