import { auditIn } from '../audit/audit.ts'
import type { EpochMs } from '../clock.ts'
import type { Db } from '../db/open.ts'
import type { Barcode, NameCase } from '../ids.ts'
import { itemsIn } from '../items/items.ts'
import { loanQueries } from '../loans/queries.ts'
import type { ManifestStore } from '../manifests/store.ts'
import { peopleIn } from '../people/people.ts'
import { openDibs } from './file.ts'
import { type Copying, copyFiles } from './files.ts'
import { dibsQueries } from './queries.ts'
import { type BadRow, readDibs } from './read.ts'
import { type DibsContent, type TakenOver, takeOver } from './take-over.ts'

export interface ImportOptions {
  /** The DIBS database; it is only read. */
  readonly file: string
  readonly db: Db
  readonly manifests: Pick<ManifestStore, 'current' | 'keep'>
  readonly manifestDir: string
  readonly thumbnailsDir: string
  /** DIBS's own folders, if their files are to come along. */
  readonly dibsManifests: string | undefined
  readonly dibsThumbnails: string | undefined
  readonly nameCase: NameCase
  readonly now: EpochMs
  readonly reloanWaitMs: number
}

export interface Imported extends TakenOver {
  readonly kind: 'imported'
  readonly manifests: Copying
  readonly thumbnails: Copying
  readonly badRows: readonly BadRow[]
}

/**
 * Takes over a DIBS database: items, staff, loans and history, and the manifests and covers of its
 * items. Done again, it finds nothing to do.
 *
 * @throws when a file cannot be read or written; the database is then unchanged
 */
export async function importDibs(
  options: ImportOptions,
): Promise<Imported | { readonly kind: 'refused'; readonly reason: string }> {
  const { db, now, reloanWaitMs } = options
  const opening = openDibs(options.file)
  if (opening.kind === 'refused') return opening
  try {
    const badRows: BadRow[] = []
    const report = (bad: BadRow) => void badRows.push(bad)
    const reader = readDibs(opening.dibs, options.nameCase, report)
    const items = reader.items()
    const content = { ...reader, items, staff: reader.staff(), current: reader.currentLoans() }
    const files = await copyAll(
      options,
      items.map(({ draft }) => draft.barcode),
    )
    const versions = await keptVersions(options, content)
    const deps = {
      report,
      queries: dibsQueries(db),
      items: itemsIn(db),
      people: peopleIn(db),
      loans: loanQueries(db),
      audit: auditIn(db),
      now,
      reloanWaitMs,
      versionOf: (barcode: Barcode) => versions.get(barcode),
    }
    const taken = deps.loans.exclusively(() => takeOver(deps, content))
    return { kind: 'imported', ...taken, ...files, badRows }
  } finally {
    opening.dibs.close()
  }
}

const NOTHING: Copying = { copied: [], different: [] }

async function copyAll(options: ImportOptions, barcodes: readonly Barcode[]) {
  const { dibsManifests, dibsThumbnails, manifestDir, thumbnailsDir } = options
  const copy = (from: string | undefined, to: string, end: string) =>
    from === undefined
      ? NOTHING
      : copyFiles(
          from,
          to,
          barcodes.map((barcode) => barcode + end),
        )
  return {
    manifests: await copy(dibsManifests, manifestDir, '-manifest.json'),
    thumbnails: await copy(dibsThumbnails, thumbnailsDir, '.jpg'),
  }
}

/** Keeps the manifest of each item that is on loan, so that its loans can be read to their end. */
async function keptVersions(
  { manifests, now }: ImportOptions,
  { current }: DibsContent,
): Promise<Map<Barcode, string>> {
  const versions = new Map<Barcode, string>()
  for (const { barcode, recent, endAt } of current) {
    if (recent || endAt <= now || versions.has(barcode)) continue
    const manifest = await manifests.current(barcode)
    if (manifest.kind !== 'valid') continue
    await manifests.keep(barcode, manifest.version)
    versions.set(barcode, manifest.version)
  }
  return versions
}
