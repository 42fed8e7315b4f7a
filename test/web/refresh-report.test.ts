import { describe, expect, it } from 'vitest'
import { auditIn } from '../../src/audit/audit.ts'
import { itemsIn } from '../../src/items/items.ts'
import { SILENT } from '../../src/log.ts'
import type { LspAnswer, LspChoice } from '../../src/lsp/lsp.ts'
import { refreshJson, refreshLines, refreshReport } from '../../src/web/refresh-report.ts'
import { barcode, library } from '../support/lending.ts'
import { RECORD, testLsp } from '../support/lsp.ts'

function shelf(answers: Record<string, LspAnswer>) {
  const { db, clock, addItem } = library()
  for (const name of ['A', 'B', 'C']) addItem(name)
  const items = itemsIn(db)
  const lsp: LspChoice = { kind: 'lsp', lsp: testLsp(answers) }
  const covers = { lookFor() {} }
  const deps = { items, covers, audit: auditIn(db), clock, log: SILENT, lsp }
  const titles = () => items.page({ limit: 9, offset: 0 }).map(({ title }) => title)
  async function refresh(which: string | 'all', save = false) {
    const item = which === 'all' ? 'all' : items.find(barcode(which))
    if (item === undefined) throw new Error(`no item ${which}`)
    const report = await refreshReport(deps, item, save)
    if (report.kind !== 'compared') throw new Error(report.why)
    return report.run
  }
  return { db, items, deps, titles, refresh, addItem }
}

const found = (title: string): LspAnswer => ({
  kind: 'found',
  record: { ...RECORD, title, author: '', publisher: '', edition: '', isbnIssn: '', itemPage: '' },
})

describe('a refresh by script', () => {
  it('says what would change, and changes nothing', async () => {
    const { refresh, titles } = shelf({ A: found('New'), B: found('') })
    const before = titles()
    const run = await refresh('all')
    expect(refreshLines(run, false)).toEqual([
      expect.stringMatching(/^A\tNumber in the library system\t\(empty\) -> it-1$/),
      expect.stringMatching(/^A\tTitle\t.+ -> New$/),
      expect.stringMatching(/^A\tYear\t\(empty\) -> 1999$/),
      'B\tNumber in the library system\t(empty) -> it-1',
      'B\tYear\t(empty) -> 1999',
      expect.stringMatching(/^C\tnot compared\tThe test LSP knows no item/),
      '2 would change, 0 the same, 1 not compared',
    ])
    expect(titles()).toEqual(before)
  })

  it('saves just that when told to, and the record says that a script did it', async () => {
    const { refresh, items, db } = shelf({ A: found('New'), B: found('New B') })
    const run = await refresh('A', true)
    expect(refreshLines(run, true).at(-1)).toBe('1 saved, 0 the same, 0 not compared')
    expect(refreshJson(run, true)).toMatchObject({
      complete: true,
      saved: 1,
      changed: [{ barcode: 'A', changes: [{ field: 'itemId' }, { new: 'New' }, { new: '1999' }] }],
      notCompared: [],
    })
    expect(items.find(barcode('A'))?.title).toBe('New')
    expect(items.find(barcode('B'))?.title).not.toBe('New B')
    expect(db.$client.prepare('select staff, act, barcode, detail from audit').all()).toEqual([
      { staff: 'script', act: 'refresh', barcode: 'A', detail: 'title year itemId' },
    ])
    expect(refreshLines(await refresh('A'), false)).toEqual([
      '0 would change, 1 the same, 0 not compared',
    ])
  })

  it('does not go on asking a library system that does not answer, and says so', async () => {
    const { refresh, addItem, deps } = shelf({})
    for (let n = 0; n < 60; n++) addItem(`I${n}`)
    deps.lsp = {
      kind: 'lsp',
      lsp: { ...testLsp({}), lookUp: async () => ({ kind: 'unreachable', why: 'timeout' }) },
    }
    const lines = refreshLines(await refresh('all'), false)
    expect(lines.at(-2)).toBe('stopped: the library system does not answer')
    expect(lines.length).toBeLessThan(20)
  })

  it('says so when there is nobody to ask', async () => {
    const { deps } = shelf({})
    expect(await refreshReport({ ...deps, lsp: { kind: 'manual' } }, 'all', true)).toEqual({
      kind: 'no-lsp',
      why: expect.stringMatching(/name no library system \(LSP_TYPE\)/),
    })
  })
})
