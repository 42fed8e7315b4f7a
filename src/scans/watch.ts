import { setTimeout as sleep } from 'node:timers/promises'
import { SECOND } from '../clock.ts'
import type { Barcode } from '../ids.ts'
import { takeLock } from '../lock.ts'
import type { Log } from '../log.ts'
import type { Conversion } from './convert.ts'
import { fail, itemsAt, scanState } from './state.ts'

export interface WatchOptions {
  readonly processDir: string
  readonly imagesDir: string
  readonly convert: (barcode: Barcode) => Promise<Conversion>
  readonly log: Log
  /** Stops the watch; the conversion that runs then is finished first. */
  readonly signal: AbortSignal
  readonly pollMs?: number
}

/**
 * Takes up every item whose conversion was asked for in PROCESS_DIR, one after another, until it is
 * stopped. It looks again and again instead of waiting for the file system to tell: network shares
 * tell nothing. A fault at one item is logged and the next is taken up.
 */
export async function watchScans(options: WatchOptions): Promise<void> {
  const { log, signal, pollMs = 2 * SECOND } = options
  while (!signal.aborted) {
    try {
      await lookOnce(options)
    } catch (cause) {
      log.error({ err: cause }, 'scans.watch.fault')
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined)
  }
}

async function lookOnce(options: WatchOptions): Promise<void> {
  const { processDir, convert, log, signal } = options
  await endDeadRuns(options)
  for (const barcode of await itemsAt(processDir, 'initiated')) {
    if (signal.aborted) return
    try {
      const outcome = await convert(barcode)
      if (outcome.kind === 'converted') {
        log.info({ barcode, pages: outcome.pages, leftOut: outcome.leftOut }, 'scans.converted')
      } else if (outcome.kind === 'problem') {
        log.warn({ barcode, reason: outcome.reason }, 'scans.problem')
      }
    } catch (cause) {
      log.error({ err: cause, barcode }, 'scans.fault')
    }
  }
}

/** Says so where a run was killed: else its item would seem to be converted for ever. */
async function endDeadRuns({ processDir, imagesDir, log }: WatchOptions): Promise<void> {
  for (const barcode of await itemsAt(processDir, 'processing')) {
    const lock = takeLock(imagesDir, barcode)
    if (lock.kind === 'busy') continue
    try {
      if ((await scanState(processDir, barcode)).kind !== 'processing') continue
      await fail(processDir, barcode, 'The conversion was cut off before its end: start it again.')
      log.warn({ barcode }, 'scans.cut-off')
    } finally {
      lock.release()
    }
  }
}
