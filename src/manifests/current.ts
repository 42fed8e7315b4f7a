/** The manifest file of each item as it is now. */

import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { type Clock, SECOND } from '../clock.ts'
import type { Barcode } from '../ids.ts'
import type { Log } from '../log.ts'
import { type FileReading, readRegularFile } from './files.ts'
import { LARGEST_MANIFEST } from './read.ts'
import type { FactsReading, ManifestFacts } from './work.ts'

export type CurrentManifest =
  | { kind: 'valid'; version: string }
  | { kind: 'missing' }
  /** The reason in words for staff, and the version that was there before, if it was seen. */
  | { kind: 'invalid'; reason: string; lastGood?: string }

/** One version of a manifest: its file and what it says. */
export interface Version {
  readonly bytes: Buffer
  readonly manifest: ManifestFacts
}

interface CurrentOptions {
  readonly pathOf: (barcode: Barcode) => string
  readonly read: (bytes: Uint8Array) => Promise<FactsReading>
  /** Called with each version when it is first seen. */
  readonly found: (barcode: Barcode, version: string, found: Version) => void
  readonly clock: Clock
  readonly log: Log
}

/** A file this young that is not valid may still be being written: it is read again. */
const YOUNG = SECOND
const SECOND_LOOK_AFTER = 250
const MOST_REMEMBERED = 10_000

/** What the version of a manifest is: the first 16 hex digits of the SHA-256 of its file. */
export function versionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}

/** @returns a function that looks at an item's file, and reads it only when it has changed. */
export function currentManifests(
  options: CurrentOptions,
): (barcode: Barcode) => Promise<CurrentManifest> {
  const { pathOf, clock, log } = options
  const seen = new LRUCache<Barcode, { stamp: string; state: CurrentManifest }>({
    max: MOST_REMEMBERED,
  })
  const lastGood = new LRUCache<Barcode, string>({ max: MOST_REMEMBERED })
  const looking = new Map<Barcode, Promise<CurrentManifest>>()

  async function look(barcode: Barcode): Promise<CurrentManifest> {
    const before = seen.get(barcode)
    let file = await readRegularFile(pathOf(barcode), LARGEST_MANIFEST, before?.stamp)
    if (file.kind === 'unchanged' && before) return before.state
    let state = await judge(barcode, file, options)
    if (state.kind === 'invalid' && file.kind === 'file' && isYoung(file.mtimeMs)) {
      await pause(SECOND_LOOK_AFTER)
      file = await readRegularFile(pathOf(barcode), LARGEST_MANIFEST)
      state = await judge(barcode, file, options)
    }
    return remember(barcode, file.kind === 'file' ? file.stamp : '', state)
  }

  function isYoung(mtimeMs: number): boolean {
    return Math.abs(clock.now() - mtimeMs) < YOUNG
  }

  function remember(barcode: Barcode, stamp: string, now: CurrentManifest): CurrentManifest {
    const before = seen.get(barcode)?.state
    const good = lastGood.get(barcode)
    const state = now.kind === 'invalid' && good !== undefined ? { ...now, lastGood: good } : now
    if (state.kind === 'valid') lastGood.set(barcode, state.version)
    if (
      state.kind === 'invalid' &&
      !(before?.kind === 'invalid' && before.reason === state.reason)
    ) {
      log.warn({ item: barcode, reason: state.reason }, 'manifest.invalid')
    }
    seen.set(barcode, { stamp, state })
    return state
  }

  return (barcode) => {
    const running = looking.get(barcode)
    if (running) return running
    const started = look(barcode).finally(() => looking.delete(barcode))
    looking.set(barcode, started)
    return started
  }
}

async function judge(
  barcode: Barcode,
  file: FileReading,
  options: CurrentOptions,
): Promise<CurrentManifest> {
  if (file.kind === 'missing') return { kind: 'missing' }
  if (file.kind === 'unreadable') return { kind: 'invalid', reason: file.reason }
  if (file.kind === 'unchanged') throw new Error('a file without a stamp cannot be unchanged')
  const reading = await options.read(file.bytes)
  if (reading.kind === 'invalid') return reading
  const version = versionOf(file.bytes)
  options.found(barcode, version, { bytes: file.bytes, manifest: reading.manifest })
  return { kind: 'valid', version }
}
