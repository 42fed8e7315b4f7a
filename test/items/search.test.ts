import { describe, expect, it } from 'vitest'
import { parseItemDraft } from '../../src/items/draft.ts'
import { itemsIn } from '../../src/items/items.ts'
import { type ItemQuestion, SORTS } from '../../src/items/search.ts'
import { barcode, openTestDb } from '../support/lending.ts'

function library() {
  const db = openTestDb()
  const items = itemsIn(db)
  const add = (fields: Parameters<typeof parseItemDraft>[0]) => {
    const reading = parseItemDraft(fields)
    if (reading.kind === 'faults') throw new Error(JSON.stringify(reading.faults))
    return items.add(reading.draft, 0)
  }
  const find = (words: string, question: Partial<ItemQuestion> = {}) =>
    items
      .search({ words, sort: 'title', descending: false, limit: 10, page: 1, ...question })
      .items.map((item) => item.barcode as string)
  return { db, items, add, find }
}

function shelf() {
  const made = library()
  made.add({ barcode: '0042', title: 'Émile, ou De l’éducation', author: 'Rousseau' })
  made.add({ barcode: '0043', title: 'Optics', author: 'Çelebi', copies: '3', loanHours: '0.5' })
  made.add({ barcode: 'A-1', title: 'optical "NEAR" Illusions', author: 'Łukasz Doe' })
  return made
}

describe('the search', () => {
  it.each([
    ['opti', ['A-1', '0043']],
    ['OPTICS', ['0043']],
    ['emile', ['0042']],
    ['e\u0301mile', ['0042']],
    ['celebi optics', ['0043']],
    ['rousseau optics', []],
    ['004', ['0042', '0043']],
    ['A-1', ['A-1']],
    ['  ', ['0042', 'A-1', '0043']],
    ['-', []],
    ['optics -', ['0043']],
  ])('finds the beginnings of words of title, author and barcode: %s', (words, found) => {
    expect([...shelf().find(words)].sort()).toEqual([...found].sort())
  })

  it.each([
    '"',
    '""',
    'optics"',
    'a OR b',
    'NEAR(optics emile)',
    'title:optics',
    'optics*',
    '^optics',
    '(',
    'x AND',
    '{title}:x',
    '+',
    "'; drop table items; --",
    '\u0000',
    '%_',
    'a'.repeat(500),
    Array.from({ length: 200 }, (_, n) => `w${n}`).join(' '),
  ])('takes what is typed for words and never for its own language: %j', (words) => {
    expect(() => shelf().find(words)).not.toThrow()
    expect(shelf().find('title:optics')).toEqual([])
    expect(shelf().find('optics OR emile')).toEqual([])
  })

  it('follows each change of an item, also of its barcode, and survives VACUUM', () => {
    const { db, find } = shelf()
    db.$client.exec("update items set title = 'Colours' where barcode = '0043'")
    db.$client.exec("update items set barcode = '0099' where barcode = '0042'")
    db.$client.exec("delete from items where barcode = 'A-1'")
    db.$client.exec('vacuum')
    expect([find('optics'), find('optical'), find('colours')]).toEqual([[], [], ['0043']])
    expect([find('0042'), find('0099')]).toEqual([[], ['0099']])
  })

  it.each(SORTS)('sorts by %s in both directions, page after page, each item once', (sort) => {
    const { add, find, items } = library()
    for (let n = 0; n < 25; n++)
      add({
        barcode: `B${n}`,
        title: `t${n % 7}`,
        author: `A${n % 3}`,
        copies: String(n % 4),
        loanHours: String(1 + (n % 2)),
      })
    const pages = [1, 2, 3].map((page) => find('', { sort, page }))
    expect(new Set(pages.flat()).size).toBe(25)
    const backwards = [1, 2, 3].flatMap((page) => find('', { sort, page, descending: true }))
    expect(backwards).toEqual(pages.flat().reverse())
    expect([1, 2, 3].flatMap((page) => find('t', { sort, page }))).toEqual(pages.flat())
    const question = { words: '', sort, descending: false, limit: 10, page: 99 }
    expect(items.search(question)).toMatchObject({ total: 25, page: 3, pages: 3 })
  })

  it.each(SORTS)('sorts what words find by %s, whether they are common or rare', (sort) => {
    const { add, find } = library()
    for (let n = 0; n < 90; n++) {
      const title = `${n % 45 === 7 ? 'Rare' : 'Often'} t${n % 11}`
      const copies = String(n % 4)
      add({ barcode: `B${n}`, title, author: `A${n % 13}`, copies, loanHours: copies.concat('.5') })
    }
    for (const [words, hits] of [
      ['rare', 2],
      ['often', 88],
    ] as const) {
      const inOrder = find('', { sort, limit: 90 })
      const found = new Set(find(words, { limit: 90 }))
      expect(found.size).toBe(hits)
      const wanted = inOrder.filter((one) => found.has(one))
      expect(find(words, { sort, limit: 90 })).toEqual(wanted)
      expect(find(words, { sort, limit: 90, descending: true })).toEqual(wanted.reverse())
    }
  })
})

describe('a removed item', () => {
  it('is nowhere, until its barcode is added again: then it is what is said then', () => {
    const { items, add, find, db } = shelf()
    const item = barcode('0043')
    items.setReady(item, true)
    items.remove(item, 5)
    expect(items.find(item)).toBeUndefined()
    expect([find('optics'), find('').length, items.count()]).toEqual([[], 2, 2])
    expect(items.page({ limit: 10, offset: 0 })).toHaveLength(2)
    expect(items.setReady(item, true)).toBe(false)
    expect(add({ barcode: '0043', title: 'Light' })).toBe(true)
    expect(items.find(item)).toMatchObject({ title: 'Light', author: '', copies: 1, ready: false })
    expect([find('optics'), find('light')]).toEqual([[], ['0043']])
    expect(add({ barcode: '0043', title: 'Third' })).toBe(false)
    expect(db.$client.prepare('select count(*) from items').pluck().get()).toBe(3)
  })

  it('is never on loan: the database refuses both ways', () => {
    const { items, db } = shelf()
    const lend = (item: string) =>
      db.$client
        .prepare(
          `insert into loans (barcode, patron, manifest_version, counted, started_at, due_at)
           values (?, 'ann', 'v1', 1, 0, 100)`,
        )
        .run(item)
    items.remove(barcode('0042'), 5)
    expect(() => lend('0042')).toThrow(/was removed/)
    lend('0043')
    expect(() => items.remove(barcode('0043'), 5)).toThrow(/not removed/)
  })
})
