/** Copies of the manifests that running loans read, beside the database. */

import { rmSync, statSync, utimesSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Clock, MINUTE } from '../clock.ts'
import { writeWhole } from '../durable.ts'
import type { Barcode } from '../ids.ts'

/** A loan may be about to be written for a version that was kept so recently. */
const KEPT_AT_LEAST = 10 * MINUTE

export interface KeptManifestFiles {
  pathOf(barcode: Barcode, version: string): string
  /** Whether the version is kept; if so, it counts as kept just now. */
  refresh(barcode: Barcode, version: string): Promise<boolean>
  write(barcode: Barcode, version: string, bytes: Uint8Array): Promise<void>
  /** Removes what is not in use, and what a crash left half written. */
  drop(inUse: (barcode: string, version: string) => boolean): Promise<void>
}

/** Where the manifests of running loans lie: beside the database, and so on its disk. */
export function keptDirOf(databaseFile: string): string {
  return join(dirname(databaseFile), 'kept-manifests')
}

/** @param folder made when the first file is written */
export function keptManifestFiles(folder: string, clock: Clock): KeptManifestFiles {
  function pathOf(barcode: Barcode, version: string): string {
    return join(folder, `${barcode}.${version}.json`)
  }
  /** The file's time is the clock's, so that its age can be told by the same clock. */
  function stampNow(path: string): void {
    utimesSync(path, clock.now() / 1000, clock.now() / 1000)
  }
  return {
    pathOf,
    async refresh(barcode, version) {
      try {
        stampNow(pathOf(barcode, version))
        return true
      } catch (fault) {
        if (isMissing(fault)) return false
        throw fault
      }
    },
    async write(barcode, version, bytes) {
      await mkdir(folder, { recursive: true })
      await writeWhole(pathOf(barcode, version), bytes)
      stampNow(pathOf(barcode, version))
    },
    async drop(inUse) {
      for (const name of await namesIn(folder)) {
        const [, barcode, version, partial] = OURS.exec(name) ?? []
        if (barcode === undefined || version === undefined) continue
        if (partial === undefined && inUse(barcode, version)) continue
        // Looked at and removed in one go, as it is stamped: nothing comes in between.
        const path = join(folder, name)
        const kept = statSync(path, { throwIfNoEntry: false })
        if (kept && clock.now() - kept.mtimeMs > KEPT_AT_LEAST) rmSync(path, { force: true })
      }
    },
  }
}

/** The name of a kept version, or of one whose writing a crash cut off. */
const OURS = /^\.?(.+)\.([0-9a-f]{16})\.json(\.[0-9a-f-]{36}\.partial)?$/

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (fault) {
    if (isMissing(fault)) return []
    throw fault
  }
}

function isMissing(fault: unknown): boolean {
  return fault instanceof Error && 'code' in fault && fault.code === 'ENOENT'
}
