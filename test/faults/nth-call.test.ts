import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeAll, expect, it } from 'vitest'
import { auditIn } from '../../src/audit/audit.ts'
import { HOUR } from '../../src/clock.ts'
import type { Db } from '../../src/db/open.ts'
import { exportAll } from '../../src/exports/export.ts'
import { importAll } from '../../src/exports/import.ts'
import { settleBarcodeChanges } from '../../src/items/change-barcode.ts'
import { coverPath } from '../../src/items/covers.ts'
import { importList } from '../../src/items/import.ts'
import { itemsIn } from '../../src/items/items.ts'
import { borrow } from '../../src/loans/borrow.ts'
import { convertScans } from '../../src/scans/convert.ts'
import { scanState } from '../../src/scans/state.ts'
import { BOOK, fill, scratch } from '../scans/scratch.ts'
import { failAt } from '../support/fail-at.ts'
import { testFolder } from '../support/folder.ts'
import { upload } from '../support/forms.ts'
import { checkInvariants } from '../support/invariants.ts'
import { barcode, library, openTestDb, patron } from '../support/lending.ts'
import { IMAGE_HOST, smallManifest } from '../support/manifest.ts'
import { manifestFile, type Site, startSite } from '../support/site.ts'

/**
 * Prepares the n-th round of a verb, which has an item and patrons of its own.
 *
 * @returns what does it
 */
type Verb = (site: Site, n: number) => Promise<() => Promise<Response>>

let cover: Blob
let pixel: Buffer
beforeAll(async () => {
  pixel = await sharp({ create: { width: 40, height: 60, channels: 3, background: '#853' } })
    .jpeg()
    .toBuffer()
  cover = new Blob([new Uint8Array(pixel)], { type: 'image/jpeg' })
})

const item = (n: number) => `I${n}`
const reader = (n: number) => `reader-${n}`

async function addItem(site: Site, n: number, copies = 1): Promise<void> {
  await site.addItem(item(n), { copies, convert: false })
  mkdirSync(site.settings.manifestDir, { recursive: true })
  writeFileSync(manifestFile(site, item(n)), smallManifest())
}

async function lend(site: Site, n: number, who = reader(n)): Promise<void> {
  const answer = await site.post(who, '/loan', { barcode: item(n) })
  expect(answer.headers.get('location')).toBe(`/view/${item(n)}`)
}

async function addItemWithCover(site: Site, n: number): Promise<void> {
  await addItem(site, n)
  mkdirSync(site.settings.thumbnailsDir, { recursive: true })
  writeFileSync(coverPath(site.settings.thumbnailsDir, barcode(item(n))), pixel)
}

/** @returns the number of the loan and when it is due */
async function lendNew(site: Site, n: number): Promise<{ loan: string; due_at: string }> {
  await addItem(site, n)
  await lend(site, n)
  const newest = 'select max(id) as loan, due_at from loans'
  const { loan, due_at } = site.db.$client.prepare(newest).get() as Record<string, number>
  return { loan: String(loan), due_at: String(due_at) }
}

const VERBS: Readonly<Record<string, Verb>> = {
  async borrow(site, n) {
    await addItem(site, n)
    return () => site.post(reader(n), '/loan', { barcode: item(n) })
  },
  async return(site, n) {
    await lendNew(site, n)
    return () => site.post(reader(n), `/return/${item(n)}`)
  },
  async 'end one loan'(site, n) {
    const { loan } = await lendNew(site, n)
    return () => site.post('lee', '/loans/end', { loan })
  },
  async 'end all loans of an item'(site, n) {
    await addItem(site, n, 3)
    for (const who of ['x', 'y', 'z']) await lend(site, n, `${who}${n}`)
    return () => site.post('lee', '/loans/end', { barcode: item(n) })
  },
  async 'end the newest loans'(site, n) {
    await addItem(site, n, 2)
    for (const who of ['x', 'y']) await lend(site, n, `${who}${n}`)
    site.db.$client.prepare('update items set copies = 1 where barcode = ?').run(item(n))
    return () => site.post('lee', '/end-newest', { barcode: item(n), loans: '1' })
  },
  async lengthen(site, n) {
    const loan = await lendNew(site, n)
    return () => site.post('lee', '/loans/lengthen', { ...loan, hours: '1' })
  },
  async 'add an item with a cover'(site, n) {
    return () => upload(site, 'lee', '/update/add', { barcode: item(n), title: 'T', cover })
  },
  async 'edit an item and its cover'(site, n) {
    await addItemWithCover(site, n)
    return () => upload(site, 'lee', '/update/edit', { barcode: item(n), title: 'New', cover })
  },
  async 'delete a cover'(site, n) {
    await addItemWithCover(site, n)
    return () => site.post('lee', `/delete-thumbnail/${item(n)}`)
  },
  async 'make ready'(site, n) {
    await addItem(site, n)
    await site.post('lee', '/ready', { barcode: item(n), ready: 'no' })
    return () => site.post('lee', '/ready', { barcode: item(n), ready: 'yes' })
  },
  async 'take back, ending loans'(site, n) {
    await lendNew(site, n)
    return () => site.post('lee', '/ready', { barcode: item(n), ready: 'no', readers: 'end' })
  },
  async 'remove, ending loans'(site, n) {
    await lendNew(site, n)
    return () => site.post('lee', '/remove', { barcode: item(n), readers: 'end' })
  },
  async 'change a barcode'(site, n) {
    await addItemWithCover(site, n)
    const fields = { old_barcode: item(n), barcode: `N${n}`, title: 'New' }
    return () => site.post('lee', '/update/edit', fields)
  },
}

it.each(Object.entries(VERBS))(
  '4.5 fail at the n-th call: %s is done and recorded, or not at all',
  async (_, prepare) => {
    const site = await startSite({ ini: `IIIF_BASE_URL = ${IMAGE_HOST}` })
    const rounds: string[] = []
    let whole: string[] = []
    for (let n = 1; n < 300; n++) {
      // The round in which nothing fails comes first too: it shows what the whole of it is.
      const broken = n === 1 ? Number.POSITIVE_INFINITY : n - 1
      const act = await prepare(site, n)
      const before = stateOf(site)
      let answer: Response | undefined
      let page = ''
      const failed = await failAt(broken, async () => {
        answer = await act()
        page = await answer.text()
      })
      await settle(site)
      const changed = changes(before, stateOf(site))
      if (n === 1) whole = changed
      expect(whole, 'the verb does something').not.toEqual([])
      checkInvariants(site.db.$client)
      const isDone = answer?.status === 303
      const told = `call ${broken}, ${failed}: ${answer?.status}`
      // A cover gets its name after its item is saved: when just that fails, the page says so.
      const { thumbnailsDir } = site.settings
      const possible = page.includes('Saved without its cover')
        ? [whole, whole.filter((what) => what !== thumbnailsDir)]
        : [whole, []]
      if (isDone) expect(changed, told).toEqual(whole)
      else expect(possible, told).toContainEqual(changed)
      if (n > 1 && failed === undefined) break
      rounds.push(told)
    }
    expect(rounds.length, 'something must have failed').toBeGreaterThan(5)
  },
)

/** What the next start would do. */
async function settle({ db, settings, clock }: Site): Promise<void> {
  const holdScans = async () => undefined
  await settleBarcodeChanges({ db, clock, folders: settings, dueTimes: () => [], holdScans })
}

/** Tables and folders, each as one sum. A manifest that is kept before its loan is no harm. */
function stateOf({ db, settings }: Site): Map<string, string> {
  const tables = db.$client
    .prepare(
      `select name from sqlite_master where type = 'table'
       and name not like 'sqlite_%' and name not like 'item_words%' and name <> 'clock'`,
    )
    .pluck()
    .all() as string[]
  const rows = (table: string) =>
    JSON.stringify(db.$client.prepare(`select * from "${table}"`).all())
  return new Map([
    ...tables.map((table) => [table, sum(rows(table))] as const),
    ...[settings.manifestDir, settings.thumbnailsDir].map(
      (folder) => [folder, sum(JSON.stringify(filesIn(folder)))] as const,
    ),
  ])
}

function filesIn(folder: string): unknown[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .sort()
    .map((name) => [
      name,
      statSync(join(folder, name)).mtimeMs,
      sum(readFileSync(join(folder, name))),
    ])
}

const sum = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')

function changes(before: Map<string, string>, after: Map<string, string>): string[] {
  return [...after.keys()].filter((key) => before.get(key) !== after.get(key))
}

it('4.5 fail at the n-th call: the sweep does next time what it could not do', async () => {
  const site = await startSite({ ini: `IIIF_BASE_URL = ${IMAGE_HOST}` })
  const due = () =>
    site.db.$client
      .prepare('select 1 from loans where ended_at is null or patron is not null or totalled = 0')
      .all()
  let failed: string | undefined
  for (let n = 1; n === 1 || failed !== undefined; n++) {
    await lendNew(site, n)
    site.clock.t += 3 * HOUR
    expect(due(), 'there is something to sweep').not.toEqual([])
    failed = await failAt(n, async () => await site.sweep().catch(() => undefined))
    checkInvariants(site.db.$client)
    await site.sweep()
    expect(due(), `after call ${n}, ${failed}`).toEqual([])
    checkInvariants(site.db.$client)
  }
})

it('4.5 fail at the n-th call: a conversion shows all of the book or nothing, and can be repeated', async () => {
  const { options, scans } = scratch()
  await fill(scans, ['1.jpg'])
  const manifest = join(options.manifestDir, `${BOOK}-manifest.json`)
  let failed: string | undefined
  let rounds = 0
  for (let n = 1; n === 1 || failed !== undefined; n++) {
    rmSync(options.manifestDir, { recursive: true, force: true })
    let kind = ''
    failed = await failAt(n, async () => {
      kind = await convertScans(BOOK, options).then(
        (conversion) => conversion.kind,
        () => 'fault',
      )
    })
    const told = `call ${n}, ${failed}: ${kind}`
    if (kind === 'converted') expect(existsSync(manifest), told).toBe(true)
    if (existsSync(manifest)) expect(imagesOf(manifest, options.imagesDir), told).toEqual([true])
    expect(await convertScans(BOOK, options), told).toMatchObject({ kind: 'converted', pages: 1 })
    expect(await scanState(options.processDir, BOOK), told).toEqual({ kind: 'none' })
    rounds = n
  }
  expect(rounds).toBeGreaterThan(20)
})

/** Whether each image that the manifest names is there. */
function imagesOf(manifest: string, imagesDir: string): boolean[] {
  const names = readFileSync(manifest, 'utf8').matchAll(/"id":"[^"]*?([^"/]+\/[^"/]+\/\d{4})"/g)
  return [...new Set([...names].map(([, name]) => name))].map((name) =>
    existsSync(join(imagesDir, `${name}.tif`)),
  )
}

it('4.5 fail at the n-th call: an import brings everything or nothing', async () => {
  const { db, addItem, lending, clock } = library()
  const a = addItem('A', { copies: 3 })
  for (const name of ['ann', 'bob']) await borrow(lending, a, patron(name), 'patron')
  const file = join(testFolder(), 'all.zip')
  await exportAll(db, file, { withPatrons: true, now: clock.now() })
  const list = Buffer.from('barcode,title\nB,Title of B\nC,Title of C\n')
  const verbs: [number, (into: Db) => Promise<unknown>][] = [
    [1, (into) => importAll(into, file)],
    [2, async (into) => importWithRecord(into, list)],
  ]
  for (const [items, verb] of verbs) {
    let failed: string | undefined
    for (let n = 1; n === 1 || failed !== undefined; n++) {
      const into = openTestDb()
      failed = await failAt(n, async () => void (await verb(into).catch(() => undefined)))
      const rows = (table: string) =>
        into.$client.prepare(`select count(*) from ${table}`).pluck().get()
      const told = `call ${n}, ${failed}`
      checkInvariants(into.$client)
      expect([0, items], told).toContain(rows('items'))
      if (failed === undefined) expect(rows('items'), told).toBe(items)
      if (items === 2) expect(rows('audit'), told).toBe(rows('items'))
      else expect(rows('loans'), told).toBe(2 * Number(rows('items')))
      into.$client.close()
    }
  }
})

/** A list as the script brings it in. */
function importWithRecord(db: Db, list: Buffer): void {
  const audit = auditIn(db)
  const added = ({ typed }: { typed: { barcode?: string } }) =>
    audit.record({ at: 1, staff: 'script', act: 'add', barcode: barcode(typed.barcode ?? '') })
  audit.together(() => importList(list, itemsIn(db), 1, added))
}
