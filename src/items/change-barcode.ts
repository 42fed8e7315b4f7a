import { accessSync, constants, existsSync } from 'node:fs'
import { link, lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock, EpochMs } from '../clock.ts'
import { eq } from '../db/drizzle.ts'
import type { Db } from '../db/open.ts'
import { barcodeChanges, items } from '../db/schema.ts'
import { sync, writeWhole } from '../durable.ts'
import type { Barcode } from '../ids.ts'
import { withLocalImagesOf } from '../manifests/local-images.ts'
import { coverPath } from './covers.ts'
import type { ItemDraft } from './draft.ts'

export interface BarcodeChangeDeps {
  readonly db: Db
  readonly clock: Clock
  readonly folders: {
    readonly manifestDir: string
    readonly thumbnailsDir: string
    readonly imagesDir: string
    readonly scansDir: string
    readonly processDir: string | undefined
  }
  /** When each open loan of the item is due, soonest first. */
  dueTimes(barcode: Barcode, now: EpochMs): readonly EpochMs[]
  /** Keeps the item's scans from being converted; undefined when that is asked for or runs. */
  holdScans(barcode: Barcode): Promise<{ release(): void } | undefined>
  /** Called in the transaction of the change: what it writes stands or falls with it. */
  onChange?(): void
  /** Called between any two steps, so that a test can stop the process there. */
  step?(name: string): void
}

export type BarcodeChange =
  | { readonly kind: 'changed' }
  | { readonly kind: 'unknown-item' }
  | { readonly kind: 'item-on-loan'; readonly until: EpochMs }
  /** An item has the new barcode, or is about to get it. */
  | { readonly kind: 'barcode-taken' }
  /** An item that was removed has it, for its past loans. */
  | { readonly kind: 'barcode-of-removed-item' }
  /** Something lies under the new name already, and nobody said that it may go. */
  | { readonly kind: 'file-in-the-way'; readonly path: string }
  | { readonly kind: 'scans-in-work' }

type Change = typeof barcodeChanges.$inferSelect

/**
 * Gives an item another barcode, with whatever else the draft says, and its files other names. The
 * new names are made beside the old ones (hard links; a manifest that names images of this machine
 * is written anew, for they are named by barcode), then the database changes, then the old names
 * go. Stopped anywhere, `settleBarcodeChanges` ends it at the next start, one way or the other.
 */
export async function changeBarcode(
  deps: BarcodeChangeDeps,
  old: Barcode,
  draft: ItemDraft,
): Promise<BarcodeChange> {
  const scans = await deps.holdScans(old)
  if (scans === undefined) return { kind: 'scans-in-work' }
  try {
    const change = reserve(deps.db, old, draft.barcode)
    if (change === undefined) return { kind: 'barcode-taken' }
    deps.step?.('reserved')
    try {
      return await linkThenChange(deps, change, draft)
    } finally {
      await settle(deps, change.id)
    }
  } finally {
    scans.release()
  }
}

/** Ends what a crash cut short: the names that the database does not know go. */
export async function settleBarcodeChanges(deps: BarcodeChangeDeps): Promise<void> {
  for (const { id } of deps.db.select().from(barcodeChanges).all()) await settle(deps, id)
}

/** While the row is there, no other change touches either barcode. */
function reserve(db: Db, oldBarcode: Barcode, newBarcode: Barcode): Change | undefined {
  return db
    .insert(barcodeChanges)
    .values({ oldBarcode, newBarcode })
    .onConflictDoNothing()
    .returning()
    .get()
}

async function linkThenChange(
  deps: BarcodeChangeDeps,
  change: Change,
  draft: ItemDraft,
): Promise<BarcodeChange> {
  const { db, folders, step } = deps
  const { oldBarcode, newBarcode } = change
  const refused = refusal(deps, change)
  if (refused !== undefined) return refused
  const newFiles = itemFiles(folders, newBarcode)
  const moves = itemFiles(folders, oldBarcode).flatMap((from, n): [string, string][] =>
    existsSync(from) ? [[from, newFiles[n] ?? '']] : [],
  )
  const inTheWay = moves.find(([, to]) => existsSync(to))
  if (inTheWay !== undefined) return { kind: 'file-in-the-way', path: inTheWay[1] }
  db.update(barcodeChanges).set({ moves }).where(eq(barcodeChanges.id, change.id)).run()
  step?.('planned')
  for (const [from, to] of moves) {
    if (await isManifest(from)) await nameManifest(from, to, change)
    else await linkTree(from, to)
    step?.(`linked ${to}`)
  }
  const changed = db.transaction(
    (): BarcodeChange => {
      const lateRefusal = refusal(deps, change)
      if (lateRefusal !== undefined) return lateRefusal
      db.update(items).set(draft).where(eq(items.barcode, oldBarcode)).run()
      db.update(barcodeChanges).set({ done: true }).where(eq(barcodeChanges.id, change.id)).run()
      deps.onChange?.()
      step?.('in the transaction')
      return { kind: 'changed' }
    },
    { behavior: 'immediate' },
  )
  step?.('changed')
  return changed
}

/** Why the database would not take the change now. */
function refusal(
  { db, clock, dueTimes }: BarcodeChangeDeps,
  { oldBarcode, newBarcode }: Change,
): BarcodeChange | undefined {
  const find = (barcode: Barcode) => db.select().from(items).where(eq(items.barcode, barcode)).get()
  if (find(oldBarcode) === undefined) return { kind: 'unknown-item' }
  const other = find(newBarcode)
  if (other !== undefined) {
    return { kind: other.removedAt === null ? 'barcode-taken' : 'barcode-of-removed-item' }
  }
  const until = dueTimes(oldBarcode, clock.now()).at(-1)
  return until === undefined ? undefined : { kind: 'item-on-loan', until }
}

/** Removes the names on the side that the item is not on, and then the row. */
async function settle({ db, step }: BarcodeChangeDeps, id: number): Promise<void> {
  const change = db.select().from(barcodeChanges).where(eq(barcodeChanges.id, id)).get()
  if (change === undefined) return
  for (const [from, to] of change.moves) {
    const gone = change.done ? from : to
    await rm(gone, { recursive: true, force: true })
    if (existsSync(dirname(gone))) await sync(dirname(gone))
    step?.(`removed ${gone}`)
  }
  db.delete(barcodeChanges).where(eq(barcodeChanges.id, id)).run()
  step?.('settled')
}

/**
 * What is named by the item's barcode: the folder of its scans too, or another item that gets the
 * old barcode would be given the pages of this one. Where Carrel may only read scans, whoever makes
 * them has to rename the folder.
 */
function itemFiles(folders: BarcodeChangeDeps['folders'], barcode: Barcode): string[] {
  const { manifestDir, thumbnailsDir, imagesDir, scansDir, processDir } = folders
  return [
    join(manifestDir, `${barcode}-manifest.json`),
    coverPath(thumbnailsDir, barcode),
    join(imagesDir, barcode),
    ...(mayWrite(scansDir) ? [join(scansDir, barcode)] : []),
    ...(processDir ? [join(processDir, `${barcode}-problem`)] : []),
  ]
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** A pipe or a link in its place is left as it is. */
async function isManifest(path: string): Promise<boolean> {
  return path.endsWith('-manifest.json') && (await lstat(path)).isFile()
}

async function nameManifest(from: string, to: string, change: Change): Promise<void> {
  const names = { from: change.oldBarcode, to: change.newBarcode }
  const renamed = withLocalImagesOf(await readFile(from, 'utf8'), names)
  if (renamed === undefined) await linkTree(from, to)
  else await writeWhole(to, renamed)
}

/** The same file under a second name; of a folder, everything in it. */
async function linkTree(from: string, to: string): Promise<void> {
  const inside = await readdir(from, { withFileTypes: true }).catch((cause) => {
    if (cause.code === 'ENOTDIR') return undefined
    throw cause
  })
  if (inside === undefined) {
    await link(from, to)
  } else {
    await mkdir(to)
    for (const { name } of inside) await linkTree(join(from, name), join(to, name))
    await sync(to)
  }
  await sync(dirname(to))
}
