import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Waits until a file, or the names in a folder, are on the disk and would survive a power cut. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A file that has no name yet. */
export interface Draft {
  /** Gives it its name; what had that name is replaced. @throws when it cannot; the draft is gone */
  put(): Promise<void>
  drop(): Promise<void>
}

/**
 * Writes a file under a hidden name beside its own: whatever can fail for want of space or of
 * permission has then failed. The folder must be there.
 *
 * @throws when it cannot be written; nothing of it is left then
 */
export async function draftOf(path: string, content: string | Uint8Array): Promise<Draft> {
  const hidden = join(dirname(path), `.${basename(path)}.${randomUUID()}.partial`)
  const drop = () => rm(hidden, { force: true })
  try {
    const handle = await open(hidden, 'wx')
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (cause) {
    await drop()
    throw cause
  }
  return {
    drop,
    async put() {
      try {
        await rename(hidden, path)
      } catch (cause) {
        await drop()
        throw cause
      }
      await sync(dirname(path))
    },
  }
}

/**
 * Writes a file that readers see whole or not at all, also after a power cut.
 *
 * @throws when it cannot be written (a full disk, missing permissions); what was there stays
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const draft = await draftOf(path, content)
  await draft.put()
}
