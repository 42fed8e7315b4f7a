import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import pino from 'pino'
import sharp from 'sharp'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { CoverAnswer } from '../../src/covers/cover-source.ts'
import { coverSearch } from '../../src/items/cover-search.ts'
import type { ItemCoverSource } from '../../src/items/cover-sources.ts'
import { coverPath, writeCover } from '../../src/items/covers.ts'
import { parseItemDraft } from '../../src/items/draft.ts'
import { coverFinder } from '../../src/items/find-cover.ts'
import { itemsIn } from '../../src/items/items.ts'
import { testFolder } from '../support/folder.ts'
import { barcode, openTestDb } from '../support/lending.ts'

const A = barcode('A')
const found: CoverAnswer = {
  kind: 'found',
  bytes: await sharp({ create: { width: 90, height: 120, channels: 3, background: 'red' } })
    .png()
    .toBuffer(),
}

const draftOf = (name: string, isbnIssn = '9780000000019') => {
  const reading = parseItemDraft({ barcode: name, title: 'T', isbnIssn })
  if (reading.kind === 'faults') throw new Error(JSON.stringify(reading.faults))
  return reading.draft
}

/** A service of covers that answers when it is told to. */
function slowSource() {
  const asked: { item: string; answer: (answer: CoverAnswer | Error) => void }[] = []
  const source: ItemCoverSource = {
    name: 'slow',
    askFor: (item) => () =>
      new Promise((resolve, reject) => {
        const answer = (given: CoverAnswer | Error) =>
          given instanceof Error ? reject(given) : resolve(given)
        asked.push({ item: item.barcode, answer })
      }),
    close: async () => {},
  }
  return { source, asked }
}

function house(more: ItemCoverSource[] = []) {
  const db = openTestDb()
  const items = itemsIn(db)
  items.add(draftOf('A'), 0)
  const thumbnailsDir = testFolder()
  const { source, asked } = slowSource()
  const lines: { msg: string }[] = []
  const log = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) })
  const sources = [source, ...more]
  const find = coverFinder({ items, thumbnailsDir, sources, log, monotonic: () => 0 })
  const search = coverSearch({ find, sources, isWanted: async () => true, log, paceMs: 0 })
  onTestFinished(() => search.stop())
  const nth = async (n: number) => {
    await expect.poll(() => asked.length, { interval: 5 }).toBe(n)
    return asked[n - 1]
  }
  const messages = () => lines.map(({ msg }) => msg)
  return { db, items, thumbnailsDir, asked, nth, search, messages }
}

describe('a cover that is found late', () => {
  it('never takes the place of one that staff chose meanwhile', async () => {
    const { search, thumbnailsDir, nth, messages } = house()
    const looking = search.lookNow(A)
    const question = await nth(1)
    await writeCover(thumbnailsDir, A, Buffer.from('chosen'))
    question?.answer(found)
    await looking
    expect(readFileSync(coverPath(thumbnailsDir, A), 'utf8')).toBe('chosen')
    expect([search.stateOf(A), messages()]).toEqual([{ kind: 'not-needed' }, []])
  })

  it.each<[string, (parts: ReturnType<typeof house>) => void]>([
    ['got another ISBN', ({ items }) => items.update(draftOf('A', '9780000000996'))],
    ['was removed', ({ items }) => items.remove(A, 1)],
    [
      'is about to get another barcode',
      ({ db }) =>
        db.$client
          .prepare("insert into barcode_changes (old_barcode, new_barcode) values ('A', 'B')")
          .run(),
    ],
  ])('is not taken when the item %s meanwhile', async (_, change) => {
    const parts = house()
    const looking = parts.search.lookNow(A)
    const question = await parts.nth(1)
    change(parts)
    question?.answer(found)
    await looking
    expect(existsSync(coverPath(parts.thumbnailsDir, A))).toBe(false)
    expect(parts.search.stateOf(A)).toEqual({ kind: 'not-needed' })
  })
})

describe('looking for covers in the background', () => {
  it('asks for one item at a time, and once for an item that is named twice', async () => {
    const { items, search, asked, nth, messages } = house()
    items.add(draftOf('B'), 0)
    for (const item of ['A', 'B', 'A', 'B']) search.lookFor(barcode(item))
    expect(asked).toEqual([])
    const first = await nth(1)
    search.lookNow(A)
    await pause(20)
    expect(asked).toHaveLength(1)
    expect(search.stateOf(A)).toEqual({ kind: 'looking' })
    expect(search.stateOf(barcode('B'))).toEqual({ kind: 'waiting' })
    first?.answer(found)
    const second = await nth(2)
    second?.answer({ kind: 'none' })
    await expect.poll(messages).toEqual(['cover.found', 'cover.none'])
    expect(asked.map(({ item }) => item)).toEqual(['A', 'B'])
    items.add(draftOf('C'), 0)
    search.lookFor(barcode('C'))
    expect((await nth(3))?.item).toBe('C')
  })

  it('asks the next service when one breaks its promise', async () => {
    const other: ItemCoverSource = {
      name: 'other',
      askFor: () => async () => found,
      close: async () => {},
    }
    const { search, thumbnailsDir, nth, messages } = house([other])
    const looking = search.lookNow(A)
    const question = await nth(1)
    question?.answer(new Error('broken'))
    await looking
    expect(existsSync(coverPath(thumbnailsDir, A))).toBe(true)
    expect(messages()).toEqual(['cover.fault', 'cover.fail', 'cover.found'])
  })

  it('ends at once when the server stops, and stores nothing after that', async () => {
    const { items, search, thumbnailsDir, asked, nth } = house()
    items.add(draftOf('B'), 0)
    for (const item of ['A', 'B']) search.lookFor(barcode(item))
    const question = await nth(1)
    await search.stop()
    question?.answer(found)
    search.lookFor(A)
    await search.lookNow(A)
    await pause(20)
    expect(asked).toHaveLength(1)
    expect(existsSync(coverPath(thumbnailsDir, A))).toBe(false)
  })
})
