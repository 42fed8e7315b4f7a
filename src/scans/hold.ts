import type { Barcode } from '../ids.ts'
import { takeLock } from '../lock.ts'
import { scanState } from './state.ts'

/**
 * Keeps the scans of an item from being converted until it is released.
 *
 * @returns undefined when a conversion is asked for or runs
 */
export async function holdScans(
  { imagesDir, processDir }: { imagesDir: string; processDir: string | undefined },
  barcode: Barcode,
): Promise<{ release(): void } | undefined> {
  const state = processDir ? (await scanState(processDir, barcode)).kind : 'none'
  if (state === 'initiated' || state === 'processing') return undefined
  const lock = takeLock(imagesDir, barcode)
  return lock.kind === 'busy' ? undefined : lock
}
