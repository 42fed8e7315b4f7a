/** Runs in a thread of its own: see threads.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import type { EpochMs } from '../../clock.ts'
import { type DiskFile, type DiskPlace, isDamage, openDiskFile, removeDiskFile } from './file.ts'
import type { Kept, KeptNow } from './images.ts'

export type DiskTask =
  | { readonly step: 'open' | 'close' }
  | { readonly step: 'get' | 'drop'; readonly key: string }
  | { readonly step: 'put'; readonly image: KeptNow; readonly now: EpochMs }
  | { readonly step: 'use'; readonly keys: readonly string[]; readonly now: EpochMs }
  | { readonly step: 'forget'; readonly barcodes: readonly string[] }
  | { readonly step: 'tidy'; readonly now: EpochMs }

/** `damaged`: the file was no good and is removed. */
export type DiskAnswer =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'fault' | 'damaged'; readonly reason: string }

let open: DiskFile | undefined

parentPort?.on('message', (task: DiskTask) => {
  const answer = run(task, workerData as DiskPlace)
  parentPort?.postMessage(answer, handedOver(answer))
})

function run(task: DiskTask, place: DiskPlace): DiskAnswer {
  try {
    if (task.step === 'close' || open?.isInPlace() === false) close()
    if (task.step === 'close') return { kind: 'done', value: undefined }
    open ??= openDiskFile(place)
    return { kind: 'done', value: done(open, task) }
  } catch (cause) {
    const isGone = open?.isInPlace() === false
    close()
    const reason = (cause as Error).message
    if (!isDamage(cause)) return { kind: 'fault', reason }
    // Another process may have begun a new one already.
    if (!isGone) removeDiskFile(place.folder)
    return { kind: 'damaged', reason }
  }
}

function done(file: DiskFile, task: Exclude<DiskTask, { step: 'close' }>): unknown {
  switch (task.step) {
    case 'open':
      return undefined
    case 'get':
      return file.get(task.key)
    case 'put':
      return file.put(task.image, task.now)
    case 'use':
      return file.use(task.keys, task.now)
    case 'drop':
      return file.drop(task.key)
    case 'forget':
      return file.forget(task.barcodes)
    case 'tidy':
      return file.tidy(task.now)
  }
}

/** The bytes of an image change hands; they are not copied. */
function handedOver(answer: DiskAnswer): ArrayBuffer[] {
  const kept = answer.kind === 'done' ? answer.value : undefined
  const bytes = (kept as Partial<Kept> | undefined)?.bytes
  return bytes instanceof Uint8Array ? [bytes.buffer] : []
}

function close(): void {
  try {
    open?.close()
  } catch {
    // What cannot be closed is left to the end of the process.
  }
  open = undefined
}
