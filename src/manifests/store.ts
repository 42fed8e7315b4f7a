/** The manifest of each item: the file as it is now, and the versions that running loans read. */

import { join } from 'node:path'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../clock.ts'
import type { Barcode } from '../ids.ts'
import type { Log } from '../log.ts'
import type { Settings } from '../settings.ts'
import { type ImageBases, imageBases } from './bases.ts'
import { type CurrentManifest, currentManifests, type Version, versionOf } from './current.ts'
import { readRegularFile } from './files.ts'
import { keptDirOf, keptManifestFiles } from './kept.ts'
import { LARGEST_MANIFEST } from './read.ts'
import { rewrittenManifests } from './rewritten.ts'
import type { FactsReading, ManifestFacts, RewrittenManifest } from './work.ts'
import { manifestWorkshop } from './workshop.ts'

export interface ManifestStoreOptions {
  /** Holds `BARCODE-manifest.json`, put there by any scan workflow at any time. */
  readonly manifestDir: string
  /** Carrel's own: holds `BARCODE.VERSION.json` while a loan reads that version. */
  readonly keptDir: string
  readonly bases: ImageBases
  /** Pixels a side at which a whole page may be shown. */
  readonly largestView: number
  /** Addresses that links in a manifest may lead to. */
  readonly allowedLinks: readonly string[]
  readonly clock: Clock
  readonly log: Log
}

export interface ManifestStore {
  /** The state of the item's file now. Quick while the file does not change; never throws. */
  current(barcode: Barcode): Promise<CurrentManifest>
  /**
   * Makes sure that this version can be read until `dropKept` finds it unused, also after the file
   * is replaced or removed and after a restart. To be called before a loan is written.
   *
   * @throws Error when the version is gone or cannot be written
   */
  keep(barcode: Barcode, version: string): Promise<void>
  /** The manifest of this version, or undefined when it is neither current nor kept. */
  kept(barcode: Barcode, version: string): Promise<ManifestFacts | undefined>
  /** The same if it is in memory: for those who cannot wait. */
  atHand(barcode: Barcode, version: string): ManifestFacts | undefined
  /** Removes kept versions that no running loan reads, once they are ten minutes old. */
  dropKept(inUse: (barcode: string, version: string) => boolean): Promise<void>
  /**
   * The manifest as readers get it.
   *
   * @param origin scheme and host of Carrel as the browser sees them, without a slash at the end
   */
  rewritten(
    barcode: Barcode,
    version: string,
    origin: string,
  ): Promise<RewrittenManifest | undefined>
}

/** Of files in memory; what is known of their images takes about as much. */
const CACHE_BYTES = LARGEST_MANIFEST

/** The store that the settings ask for. */
export function manifestStoreFor(
  settings: Pick<
    Settings,
    'manifestDir' | 'databaseFile' | 'iiifBaseUrls' | 'largestView' | 'allowedLinks'
  >,
  clock: Clock,
  log: Log,
): ManifestStore {
  const { manifestDir, databaseFile, iiifBaseUrls, largestView, allowedLinks } = settings
  const [keptDir, bases] = [keptDirOf(databaseFile), imageBases(iiifBaseUrls)]
  return manifestStore({ manifestDir, keptDir, bases, largestView, allowedLinks, clock, log })
}

export function manifestStore(options: ManifestStoreOptions): ManifestStore {
  const { manifestDir, keptDir, bases, largestView, allowedLinks, clock, log } = options
  const workshop = manifestWorkshop({ bases, largestView, allowedLinks })
  const pathOf = (barcode: string) => join(manifestDir, `${barcode}-manifest.json`)
  const keptFiles = keptManifestFiles(keptDir, clock)

  /** In use by readers, bounded by the size of the files. */
  const versions = new LRUCache<string, Version, VersionKey>({
    maxSize: CACHE_BYTES,
    sizeCalculation: ({ bytes }) => bytes.length,
    fetchMethod: (_, __, { context: { barcode, version } }) => {
      const paths = [keptFiles.pathOf(barcode, version), pathOf(barcode)]
      return findVersion(paths, version, workshop.read, (reason) =>
        log.error({ item: barcode, version, reason }, 'manifest.version-invalid'),
      )
    },
  })
  const keyOf = (barcode: string, version: string) => `${barcode} ${version}`
  const load = (barcode: Barcode, version: string) =>
    versions.fetch(keyOf(barcode, version), { context: { barcode, version } })

  const current = currentManifests({
    pathOf,
    read: workshop.read,
    clock,
    log,
    found: (barcode, version, found) => versions.set(keyOf(barcode, version), found),
  })
  const rewritten = rewrittenManifests(async (barcode, version, origin) => {
    const source = await load(barcode, version)
    return (
      source &&
      workshop.rewrite(source.bytes, {
        manifestUrl: `${origin}/manifests/${barcode}`,
        imagesUrl: `${origin}/iiif/${barcode}`,
      })
    )
  })

  return {
    current,
    rewritten,
    atHand: (barcode, version) => versions.get(keyOf(barcode, version))?.manifest,
    kept: async (barcode, version) => (await load(barcode, version))?.manifest,
    keep: async (barcode, version) => {
      if (await keptFiles.refresh(barcode, version)) return
      const source = await load(barcode, version)
      if (!source) throw new Error(`version ${version} of the manifest of ${barcode} is gone`)
      await keptFiles.write(barcode, version, source.bytes)
    },
    dropKept: keptFiles.drop,
  }
}

interface VersionKey {
  readonly barcode: Barcode
  readonly version: string
}

/** The version from the first file that holds it, whole and still valid under today's settings. */
async function findVersion(
  paths: readonly string[],
  version: string,
  read: (bytes: Uint8Array) => Promise<FactsReading>,
  invalid: (reason: string) => void,
): Promise<Version | undefined> {
  for (const path of paths) {
    const file = await readRegularFile(path, LARGEST_MANIFEST)
    if (file.kind !== 'file' || versionOf(file.bytes) !== version) continue
    const reading = await read(file.bytes)
    if (reading.kind === 'valid') return { bytes: file.bytes, manifest: reading.manifest }
    invalid(reading.reason)
  }
  return undefined
}
