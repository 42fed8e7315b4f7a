import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeWhole } from '../durable.ts'
import { type Barcode, parseBarcode } from '../ids.ts'

/**
 * How far the conversion of an item is, as DIBS keeps it in files of PROCESS_DIR: `-initiated` when
 * staff ask for it, `-processing` while it runs, nothing once the manifest is there, `-problem`
 * with the reason in words when it could not be done.
 */
export type ScanState =
  | { readonly kind: 'none' | 'initiated' | 'processing' }
  | { readonly kind: 'problem'; readonly reason: string }

type Stage = 'initiated' | 'processing' | 'problem'

function stateFile(processDir: string, barcode: Barcode, stage: Stage): string {
  return join(processDir, `${barcode}-${stage}`)
}

/** A run in progress says more than a wish, and a wish more than the problem of an earlier run. */
export async function scanState(processDir: string, barcode: Barcode): Promise<ScanState> {
  for (const kind of ['processing', 'initiated'] as const) {
    if ((await text(stateFile(processDir, barcode, kind))) !== undefined) return { kind }
  }
  const reason = await text(stateFile(processDir, barcode, 'problem'))
  return reason === undefined ? { kind: 'none' } : { kind: 'problem', reason: reason.trim() }
}

/** Asks for the conversion of an item; asking twice is asking once. */
export async function initiate(processDir: string, barcode: Barcode): Promise<void> {
  await mkdir(processDir, { recursive: true })
  await writeWhole(stateFile(processDir, barcode, 'initiated'), '')
}

/** A run begins, whether it was asked for or not; the problem of the last one is forgotten. */
export async function begin(processDir: string, barcode: Barcode): Promise<void> {
  await mkdir(processDir, { recursive: true })
  await rm(stateFile(processDir, barcode, 'problem'), { force: true })
  const processing = stateFile(processDir, barcode, 'processing')
  try {
    await rename(stateFile(processDir, barcode, 'initiated'), processing)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    await writeWhole(processing, '')
  }
}

/** The run is over and the manifest is there. */
export async function finish(processDir: string, barcode: Barcode): Promise<void> {
  await rm(stateFile(processDir, barcode, 'processing'), { force: true })
}

/** The run is over and there is no new manifest. */
export async function fail(processDir: string, barcode: Barcode, reason: string): Promise<void> {
  await writeWhole(stateFile(processDir, barcode, 'problem'), `${reason}\n`)
  await finish(processDir, barcode)
}

/** The items at a stage, in the order of their barcodes. */
export async function itemsAt(
  processDir: string,
  stage: 'initiated' | 'processing',
): Promise<Barcode[]> {
  const names = await readdir(processDir)
  return names.sort().flatMap((name) => {
    if (!name.endsWith(`-${stage}`)) return []
    const barcode = parseBarcode(name.slice(0, -`-${stage}`.length))
    return barcode === undefined ? [] : [barcode]
  })
}

async function text(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
}
