/** Manifest files, read without being led astray. */

import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

export type FileReading =
  /** `stamp` changes when the file does; `mtimeMs` is when it last did. */
  | { kind: 'file'; bytes: Buffer; stamp: string; mtimeMs: number }
  /** As it was when the stamp given was taken. */
  | { kind: 'unchanged' }
  | { kind: 'missing' }
  /** A sentence for staff. */
  | { kind: 'unreadable'; reason: string }

/**
 * @param largest bytes; a larger file is not read
 * @param known a stamp: the file is read only if it has another one
 * @returns never hangs on a pipe, never follows a symbolic link, never throws on account of the file
 */
export async function readRegularFile(
  path: string,
  largest: number,
  known?: string,
): Promise<FileReading> {
  let file: FileHandle | undefined
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const found = await file.stat({ bigint: true })
    if (!found.isFile()) return unreadable('The manifest is not a file but a folder or a device.')
    const { mtimeNs, size, ino } = found
    const stamp = `${mtimeNs} ${size} ${ino}`
    if (stamp === known) return { kind: 'unchanged' }
    if (size > largest) {
      return unreadable(`The manifest is larger than ${largest / 1024 / 1024} MB.`)
    }
    return {
      kind: 'file',
      bytes: await file.readFile(),
      stamp,
      mtimeMs: Number(mtimeNs / 1_000_000n),
    }
  } catch (fault) {
    const code = fault instanceof Error && 'code' in fault ? String(fault.code) : 'unknown fault'
    if (code === 'ENOENT') return { kind: 'missing' }
    return unreadable(WORDS.get(code) ?? `The manifest cannot be read (${code}).`)
  } finally {
    await file?.close()
  }
}

const WORDS = new Map([
  ['ELOOP', 'The manifest is a symbolic link: put the file itself there.'],
  ['EACCES', 'Carrel may not read the manifest: give its account the right to read the file.'],
  ['ENXIO', 'The manifest is not a file but a socket or a device.'],
])

function unreadable(reason: string): FileReading {
  return { kind: 'unreadable', reason }
}
