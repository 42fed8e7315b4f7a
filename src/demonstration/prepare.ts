import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { type PatronId, parsePatronId } from '../ids.ts'
import { coverFile } from '../items/covers.ts'
import type { Items } from '../items/items.ts'
import { borrow, type LendingDeps } from '../loans/borrow.ts'
import type { LoanQueries } from '../loans/queries.ts'
import type { Settings } from '../settings.ts'
import { ALL_OUT, GUIDE, sampleItems } from './items.ts'
import type { Places } from './scans.ts'

export interface DemonstrationDeps {
  readonly settings: Settings
  readonly clock: Clock
  readonly items: Items
  readonly loans: LoanQueries
  readonly lending: LendingDeps
}

/**
 * Fills the demonstration's data: the scans, the items, and the loans of the one whose copies are
 * all out. What is there already stays as it is, so a second start has next to nothing to do.
 */
export async function prepareDemonstration(deps: DemonstrationDeps): Promise<void> {
  const { settings, items, clock } = deps
  if (!(await hasSamples(settings))) await makeSamples(settings)
  for (const { draft, ready } of sampleItems()) {
    const isNew = items.add(draft, clock.now())
    if (isNew && ready) items.setReady(draft.barcode, true)
  }
  await lendAllOut(deps)
}

async function hasSamples({ manifestDir, thumbnailsDir }: Settings): Promise<boolean> {
  const manifests = [GUIDE, ALL_OUT].map((item) => join(manifestDir, `${item}-manifest.json`))
  return manifests.every(existsSync) && (await coverFile(thumbnailsDir, GUIDE)) !== undefined
}

/** In a process of its own: drawing pages takes a gigabyte, which the server would not get rid of. */
async function makeSamples({
  scansDir,
  imagesDir,
  manifestDir,
  thumbnailsDir,
}: Settings): Promise<void> {
  const places: Places = { scansDir, imagesDir, manifestDir, thumbnailsDir }
  const script = join(import.meta.dirname, 'make-scans.ts')
  const child = spawn(process.execPath, [script, JSON.stringify(places)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0)
    throw new Error('the demonstration book could not be made; start again to go on with it')
}

/** Ends what an earlier start lent, and lends every copy anew, so that the loans are fresh. */
async function lendAllOut({ loans, lending, items, clock }: DemonstrationDeps): Promise<void> {
  loans.endAllOf(ALL_OUT, clock.now())
  const copies = items.find(ALL_OUT)?.copies ?? 0
  for (let copy = 0; copy < copies; copy++) {
    await borrow(lending, ALL_OUT, patron(`sample-reader-${randomUUID()}`), 'staff')
  }
}

function patron(name: string): PatronId {
  const id = parsePatronId(name, 'fold')
  if (id === undefined) throw new Error(`${name} is no sign-in name`)
  return id
}
