import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { HOUR } from '../../src/clock.ts'
import { downloadsIn } from '../../src/loans/downloads.ts'
import { startSite } from '../support/site.ts'

describe('downloads', () => {
  it('are for staff only', async () => {
    const site = await startSite()
    for (const path of ['csv/item', 'json/item', 'csv/history', 'json/history']) {
      const statuses = await Promise.all(
        [undefined, 'ann', 'lee'].map(
          async (who) => (await site.as(who, `/download/${path}`)).status,
        ),
      )
      expect(statuses, path).toEqual([401, 403, 200])
    }
    for (const path of ['xml/item', 'csv/people', 'constructor/item', 'csv/constructor'])
      expect((await site.as('lee', `/download/${path}`)).status).toBe(404)
  })

  it('1.8 CSV: of items open safely in a spreadsheet', async () => {
    const site = await startSite()
    const nasty = ['=1+1', '+A1', '-2', '@SUM(A1)', 'He said "so, there"', 'Zürich']
    for (const [n, title] of nasty.entries())
      await site.post('lee', '/update/add', { barcode: `B${n}`, title, notes: 'two\nlines' })
    const answer = await site.as('lee', '/download/csv/item')
    expect(answer.headers.get('content-type')).toMatch(/^text\/csv; charset=utf-8/)
    expect(answer.headers.get('content-disposition')).toBe(
      'attachment; filename="carrel-item-2026-01-02.csv"',
    )
    const bytes = Buffer.from(await answer.arrayBuffer())
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
    expect(bytes.toString()).toMatch(/^\ufeffbarcode,title,author,[^\n]*\r\n/)
    const rows = parse(bytes, { bom: true, columns: true }) as Record<string, string>[]
    expect(rows.map(({ title }) => title)).toEqual([
      "'=1+1",
      "'+A1",
      "'-2",
      "'@SUM(A1)",
      'He said "so, there"',
      'Zürich',
    ])
    expect(rows[0]).toMatchObject({ notes: 'two\nlines', copies: '1', loanHours: '2', ready: 'no' })
  })

  it('1.7 downloads: of the history tell how loans went, and never whose they were', async () => {
    const site = await startSite()
    await site.addItem('A', { copies: 2, pages: 1 })
    await site.post('ann.onymous', '/loan', { barcode: 'A' })
    site.clock.t += HOUR
    await site.post('ann.onymous', '/return/A')
    await site.post('bob', '/loan', { barcode: 'A' })
    const text = await (await site.as('lee', '/download/json/history')).text()
    expect(JSON.parse(text), 'what still runs is no history').toEqual([
      {
        barcode: 'A',
        startedAt: '2026-01-02T10:00:00.000Z',
        dueAt: '2026-01-02T12:00:00.000Z',
        endedAt: '2026-01-02T11:00:00.000Z',
        endedBy: 'reader',
        counted: true,
      },
    ])
    const csv = await (await site.as('lee', '/download/csv/history')).text()
    expect(csv).toContain('A,2026-01-02T10:00:00.000Z')
    for (const path of ['csv/item', 'json/item', 'csv/history', 'json/history'])
      expect(await (await site.as('lee', `/download/${path}`)).text()).not.toContain('ann.')
  })

  it('of an empty library are sound files', async () => {
    const site = await startSite()
    expect(await (await site.as('lee', '/download/json/item')).json()).toEqual([])
    const csv = await (await site.as('lee', '/download/csv/history')).text()
    expect(csv).toMatch(/^barcode,.*\r\n$/)
  })

  it('hold every row once, some at a time, and let others write meanwhile', async () => {
    const site = await startSite()
    const insert = site.db.$client.prepare(
      `insert into items (barcode, title, author, copies, loan_hours, added_at)
       values (?, 'T', 'A', 1, 2, 0)`,
    )
    for (let n = 0; n < 2500; n++) insert.run(`B${n}`)
    const batches = downloadsIn(site.db).item()
    expect(batches.next().value).toHaveLength(1000)
    insert.run('A-before')
    insert.run('Z-after')
    expect([...batches].map((rows) => rows.length)).toEqual([1000, 501])
    const all = (await (await site.as('lee', '/download/json/item')).json()) as object[]
    expect(all).toHaveLength(2502)
    const csv = await (await site.as('lee', '/download/csv/item')).text()
    expect(csv.split('\r\n')).toHaveLength(2504)
  })
})
