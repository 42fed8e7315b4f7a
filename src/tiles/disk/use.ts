/** The cache on disk as the settings want it, and what may lie in it. */
import { hash } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { parseBarcode } from '../../ids.ts'
import type { Items } from '../../items/items.ts'
import type { LoanQueries } from '../../loans/queries.ts'
import type { Log } from '../../log.ts'
import type { Settings } from '../../settings.ts'
import type { Mark } from '../mark.ts'
import { type DiskCache, openDiskCache } from './cache.ts'
import { removeDiskFile } from './file.ts'

interface DiskUse {
  readonly settings: Pick<Settings, 'iiifDiskCacheMb' | 'iiifDiskCacheDir'>
  readonly clock: Clock
  readonly log: Log
  readonly monotonic: () => number
  /** What is put on images before they are kept. */
  readonly mark: Mark | undefined
}

/** @returns undefined when the library wants none; what an earlier setting left is then removed */
export async function diskCacheFor(parts: DiskUse): Promise<DiskCache | undefined> {
  const { settings, clock, log, monotonic, mark } = parts
  const { iiifDiskCacheMb: megabytes, iiifDiskCacheDir: folder } = settings
  if (megabytes > 0) {
    const bytes = megabytes * 1024 * 1024
    const variant = mark === undefined ? '' : hash('sha256', mark.png)
    return openDiskCache({ folder, bytes, variant, clock, log, monotonic })
  }
  try {
    removeDiskFile(folder)
  } catch (cause) {
    log.warn({ folder, reason: (cause as Error).message }, 'disk-cache.fault')
  }
  return undefined
}

/** @returns whether anybody may have images of an item: it is ready, or somebody still reads it */
export function mayBeReadNow(parts: {
  items: Pick<Items, 'find'>
  loans: Pick<LoanQueries, 'versionsInUse'>
  clock: Clock
}): (barcode: string) => boolean {
  const inUse = parts.loans.versionsInUse(parts.clock.now())
  const onLoan = new Set(inUse.map(({ barcode }) => barcode))
  return (text) => {
    const barcode = parseBarcode(text)
    if (barcode === undefined) return false
    return onLoan.has(barcode) || parts.items.find(barcode)?.ready === true
  }
}
