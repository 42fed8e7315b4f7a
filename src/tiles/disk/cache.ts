/** The second tier of the cache of images: on disk, there again after a restart. */
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Clock } from '../../clock.ts'
import type { Log } from '../../log.ts'
import type { DiskPlace } from './file.ts'
import type { DiskLevels, Kept } from './images.ts'
import { diskThreads } from './threads.ts'

/** Neither rejects nor throws: a disk that fails is as one that has nothing. */
export interface DiskCache {
  /**
   * @param key barcode, line feed, and whatever else tells one image from another
   * @returns just what was put there, or undefined
   */
  get(key: string): Promise<Kept | undefined>
  /** Keeps it soon, in the background. */
  put(key: string, kept: Kept): void
  /**
   * Removes what is older than 30 days, and all that is kept of items that nobody may read. What
   * takes long goes on in the background.
   *
   * @param mayBeRead whether anybody may have images of the item now
   */
  tidy(mayBeRead: (barcode: string) => boolean): Promise<void>
  /** What there was when it was tidied last, and how often something was found. */
  held(): DiskHeld
  /** Waits a moment for what is to be written. */
  close(): Promise<void>
}

export interface DiskHeld {
  readonly bytes: number
  readonly images: number
  readonly hits: number
}

export interface DiskCacheOptions extends DiskPlace {
  /** What tells images of these settings from those of others: the watermark on them. */
  readonly variant: string
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds on a clock that nobody sets. */
  readonly monotonic: () => number
  /** So long a reader waits for the disk, where it is not the usual time. */
  readonly longestReadMs?: number
}

/** An image server would have answered by then. */
const LONGEST_READ_MS = 500
/** At the start and at the end somebody waits, though no reader. */
const OPENING_MS = 10_000
const CLOSING_MS = 1_000
/** To tidy up after a large item may take a disk longer. */
const TIDYING_MS = 1_000
/** Of images that wait to be written; what comes on top of it is not kept. */
const MOST_WAITING_BYTES = 32 * 1024 * 1024
/** So many uses are written down together. */
const USES_AT_ONCE = 64
/** Items of which the database is asked in one go. */
const ASKED_AT_ONCE = 100

/** Opens the file, so that it is there for the first reader. */
export async function openDiskCache(options: DiskCacheOptions): Promise<DiskCache> {
  const { folder, bytes: most, variant, clock, longestReadMs = LONGEST_READ_MS } = options
  const { read, write, rests, tellDamaged, close } = diskThreads({ folder, bytes: most }, options)
  let waitingBytes = 0
  let used: string[] = []
  let levels: DiskLevels = { bytes: 0, images: 0, barcodes: [] }
  let hits = 0
  let tidying: Promise<void> | undefined
  const nameOf = (key: string) => `${key}\n${variant}`

  function countUse(key: string): void {
    hits++
    if (used.push(key) < USES_AT_ONCE) return
    void write({ step: 'use', keys: used, now: clock.now() })
    used = []
  }

  async function tidyUp(mayBeRead: (barcode: string) => boolean): Promise<void> {
    const found = await write({ step: 'tidy', now: clock.now() })
    if (found === undefined) return
    levels = found as DiskLevels
    const barcodes: string[] = []
    for (const [n, barcode] of levels.barcodes.entries()) {
      // Readers are answered in between.
      if (n % ASKED_AT_ONCE === 0) await setImmediate()
      if (!mayBeRead(barcode)) barcodes.push(barcode)
    }
    if (barcodes.length === 0) return
    await write({ step: 'forget', barcodes })
    options.log.info({ items: barcodes.length }, 'disk-cache.forgot')
  }

  // One after the other: what the first finds damaged is gone before the second looks.
  await write({ step: 'open' }, OPENING_MS)
  await read({ step: 'open' }, OPENING_MS)
  return {
    async get(key) {
      const name = nameOf(key)
      const found = await read({ step: 'get', key: name }, longestReadMs)
      if (found === undefined) return undefined
      if (found === 'damaged') {
        tellDamaged()
        void write({ step: 'drop', key: name })
        return undefined
      }
      countUse(name)
      return found as Kept
    },
    put(key, { bytes, etag }) {
      if (rests() || waitingBytes + bytes.length > MOST_WAITING_BYTES) return
      const image = { key: nameOf(key), barcode: key.split('\n', 1)[0] ?? '', bytes, etag }
      waitingBytes += bytes.length
      void write({ step: 'put', image, now: clock.now() }).finally(() => {
        waitingBytes -= bytes.length
      })
    },
    async tidy(mayBeRead) {
      tidying ??= tidyUp(mayBeRead).finally(() => {
        tidying = undefined
      })
      await Promise.race([tidying, setTimeout(TIDYING_MS, undefined, { ref: false })])
    },
    held: () => ({ bytes: levels.bytes, images: levels.images, hits }),
    close: () => close(CLOSING_MS),
  }
}
