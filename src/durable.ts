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

/**
 * Writes a file that readers see whole or not at all, also after a power cut: under a hidden name
 * first, then renamed. The folder must be there.
 *
 * @throws when it cannot be written (a full disk, missing permissions); what was there stays
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await draftThen(path, content, (draft) => rename(draft, path))
}

/**
 * As `writeWhole`, but never over a file that is there.
 *
 * @param isStillWanted asked at the last moment, with nothing awaited in between
 * @returns false when there was a file, or when it was not wanted any more
 */
export async function writeNew(
  path: string,
  content: string | Uint8Array,
  isStillWanted: () => boolean,
): Promise<boolean> {
  let isNew = false
  await draftThen(path, content, async (draft) => {
    isNew = isStillWanted() && linkNew(draft, path)
    await rm(draft)
  })
  return isNew
}

/** Writes a hidden file beside `path`, and then whatever becomes of it. */
async function draftThen(
  path: string,
  content: string | Uint8Array,
  finish: (draft: string) => Promise<void>,
): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}.partial`)
  try {
    const handle = await open(draft, 'wx')
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await finish(draft)
  } catch (cause) {
    await rm(draft, { force: true })
    throw cause
  }
  await sync(dirname(path))
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
