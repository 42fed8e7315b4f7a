import { copyFile, link, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sync } from '../durable.ts'

export interface Copying {
  /** Names of the files that were copied. */
  readonly copied: readonly string[]
  /** Files that are there already and say something else: they stay as they are. */
  readonly different: readonly string[]
}

/**
 * Copies the files of these names, as far as they are there, into a folder of ours. A file that is
 * there already is never overwritten.
 *
 * @throws when a file cannot be read or written; what was copied before stays
 */
export async function copyFiles(
  from: string,
  to: string,
  names: readonly string[],
): Promise<Copying> {
  const copied: string[] = []
  const different: string[] = []
  await mkdir(to, { recursive: true })
  for (const name of names) {
    const found = await stat(join(from, name)).catch(() => undefined)
    if (!found?.isFile()) continue
    if (await copyNew(join(from, name), to, name)) copied.push(name)
    else if (!(await same(join(from, name), join(to, name)))) different.push(name)
  }
  if (copied.length > 0) await sync(to)
  return { copied, different }
}

/** @returns false when there is a file of this name already */
async function copyNew(from: string, folder: string, name: string): Promise<boolean> {
  const path = join(folder, name)
  if (await stat(path).catch(() => undefined)) return false
  const draft = join(folder, `.${name}.${crypto.randomUUID()}.partial`)
  try {
    await copyFile(from, draft)
    await sync(draft)
    await link(draft, path)
    return true
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code !== 'EEXIST') throw fault
    return false
  } finally {
    await rm(draft, { force: true })
  }
}

async function same(one: string, other: string): Promise<boolean> {
  return (await readFile(one)).equals(await readFile(other))
}
