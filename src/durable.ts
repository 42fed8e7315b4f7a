import { randomUUID } from 'node:crypto'
import { linkSync } from 'node:fs'
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
  /**
   * Gives it its name unless something has that name; otherwise the draft is gone.
   *
   * @param isStillWanted asked at the last moment, with nothing awaited in between
   * @returns whether it has its name
   */
  putNew(isStillWanted: () => boolean): Promise<boolean>
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
    async putNew(isStillWanted) {
      try {
        if (!isStillWanted() || !linkNew(hidden, path)) return false
      } finally {
        await drop()
      }
      await sync(dirname(path))
      return true
    },
  }
}

/** A second name for a file, unless something has that name. */
function linkNew(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cause
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
