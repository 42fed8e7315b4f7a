import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { changeBarcode, settleBarcodeChanges } from '../../src/items/change-barcode.ts'
import { draftFields, parseItemDraft } from '../../src/items/draft.ts'
import { itemsIn } from '../../src/items/items.ts'
import { loanQueries } from '../../src/loans/queries.ts'
import { holdScans } from '../../src/scans/hold.ts'
import { testFolder } from '../support/folder.ts'
import { barcode, library, openTestDb } from '../support/lending.ts'

const CHILD = join(import.meta.dirname, '../support/barcode-changer.ts')
const run = promisify(execFile)

/** A library in files: item A with a past loan, and all files that an item can have. */
function prepare(root: string): void {
  const { db, addItem } = library(join(root, 'carrel.db'))
  addItem('A')
  db.$client.exec(`insert into loans
    (barcode, manifest_version, counted, started_at, due_at, ended_at, ended_by)
    values ('A', 'v', 1, 1, 3, 2, 'reader')`)
  db.$client.close()
  for (const folder of ['manifests', 'covers', 'images/A/v1', 'scans/A', 'states']) {
    mkdirSync(join(root, folder), { recursive: true })
  }
  const manifest = { id: 'https://images.carrel.invalid/A/v1/0001', other: 'A/v1' }
  writeFileSync(join(root, 'manifests/A-manifest.json'), JSON.stringify(manifest))
  writeFileSync(join(root, 'covers/A.jpg'), 'the cover')
  writeFileSync(join(root, 'images/A/v1/0001.tif'), 'page 1')
  writeFileSync(join(root, 'images/A/v1/0002.tif'), 'page 2')
  writeFileSync(join(root, 'scans/A/A_001.tif'), 'scan 1')
  writeFileSync(join(root, 'states/A-problem'), 'the reason')
}

const foldersOf = (root: string) => ({
  manifestDir: join(root, 'manifests'),
  thumbnailsDir: join(root, 'covers'),
  imagesDir: join(root, 'images'),
  scansDir: join(root, 'scans'),
  processDir: join(root, 'states'),
})

/** The files of all items, by their place, without locks. */
function filesOf(root: string): Record<string, string> {
  const all = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((name) => !name.startsWith('carrel.db') && !name.includes('.locks'))
  return Object.fromEntries(
    all.sort().map((name) => [name, readFileSync(join(root, name), 'utf8')]),
  )
}

const expectedFiles = (item: string) => ({
  [`covers/${item}.jpg`]: 'the cover',
  [`images/${item}/v1/0001.tif`]: 'page 1',
  [`images/${item}/v1/0002.tif`]: 'page 2',
  [`manifests/${item}-manifest.json`]: `{"id":"https://images.carrel.invalid/${item}/v1/0001","other":"A/v1"}`,
  [`scans/${item}/A_001.tif`]: 'scan 1',
  [`states/${item}-problem`]: 'the reason',
})

describe('a change of barcode', () => {
  it('killed between any two steps loses nothing and doubles nothing', {
    timeout: 120_000,
  }, async () => {
    const original = testFolder()
    prepare(original)
    const ends: string[] = []
    for (let step = 0; ends.at(-1) !== 'finished'; step++) {
      const root = testFolder()
      cpSync(original, root, { recursive: true })
      const folders = foldersOf(root)
      const args = [CHILD, join(root, 'carrel.db'), JSON.stringify(folders), String(step)]
      const killed = await run(process.execPath, args).then(
        () => false,
        ({ signal, stderr }) => {
          expect(signal, stderr).toBe('SIGKILL')
          return true
        },
      )
      const db = openTestDb(join(root, 'carrel.db'))
      const settling = {
        db,
        clock: Date,
        folders,
        dueTimes: loanQueries(db).dueTimes,
        holdScans: (one: Parameters<typeof holdScans>[1]) => holdScans(folders, one),
      }
      await settleBarcodeChanges(settling)
      await settleBarcodeChanges(settling)
      const named = db.$client.prepare('select barcode, title from items').raw().all()
      const [item, title] = named[0] as [string, string]
      expect(named).toEqual([item === 'A' ? ['A', 'Title of A'] : ['B', 'Changed']])
      expect(title).toBeTruthy()
      expect(db.$client.prepare('select barcode from loans').pluck().all()).toEqual([item])
      expect(db.$client.prepare('select count(*) from barcode_changes').pluck().get()).toBe(0)
      expect(filesOf(root), `killed at step ${step}`).toEqual(expectedFiles(item))
      expect(existsSync(join(root, 'images', item === 'A' ? 'B' : 'A'))).toBe(false)
      db.$client.close()
      ends.push(killed ? item : 'finished')
    }
    expect(ends).toEqual([...Array(8).fill('A'), ...Array(7).fill('B'), 'finished'])
  })

  it('leaves all as it was when somebody borrows the item in the midst of it', async () => {
    const root = testFolder()
    prepare(root)
    const db = openTestDb(join(root, 'carrel.db'))
    const item = itemsIn(db).find(barcode('A'))!
    const reading = parseItemDraft({ ...draftFields(item), barcode: 'B' })
    if (reading.kind === 'faults') throw new Error(JSON.stringify(reading.faults))
    const before = filesOf(root)
    const borrow = db.$client.prepare(`insert into loans
      (barcode, patron, manifest_version, counted, started_at, due_at) values ('A', 'ann', 'v', 1, 1, 60)`)
    const change = await changeBarcode(
      {
        db,
        clock: { now: () => 5 },
        folders: foldersOf(root),
        dueTimes: loanQueries(db).dueTimes,
        holdScans: (one) => holdScans(foldersOf(root), one),
        step: (name) => name === 'planned' && borrow.run(),
      },
      barcode('A'),
      reading.draft,
    )
    expect(change).toEqual({ kind: 'item-on-loan', until: 60 })
    expect(filesOf(root)).toEqual(before)
    expect(db.$client.prepare('select barcode from items').pluck().all()).toEqual(['A'])
    db.$client.close()
  })
})
