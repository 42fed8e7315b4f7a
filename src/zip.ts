import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { openPromise } from 'yauzl'
import { ZipFile } from 'yazl'

/** One file in a zip. `open` is called when its turn has come, after all before it were read. */
export interface ZipPart {
  readonly name: string
  open(): Readable
}

export interface OpenZip {
  readonly names: readonly string[]
  /** @throws when there is no such part; the stream fails where a part is damaged */
  read(name: string): Promise<Readable>
  close(): void
}

/**
 * Writes a new zip, readable to its owner only, and waits until it is on the disk.
 *
 * @param compress false: the parts stand in the file as they are
 * @throws when the file is there already, cannot be written, or a part cannot be read
 */
export async function writeZip(
  path: string,
  parts: readonly ZipPart[],
  { compress }: { compress: boolean },
): Promise<void> {
  const zip = new ZipFile()
  const reading = new AbortController()
  const failed = (fault: Error) => reading.abort(fault)
  zip.on('error', failed)
  for (const { name, open } of parts) {
    zip.addReadStreamLazy(name, { compress, mode: 0o100600 }, (give) => {
      const stream = open()
      stream.once('error', failed)
      give(null, stream)
    })
  }
  zip.end()
  try {
    const file = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true })
    await pipeline(zip.outputStream, file, { signal: reading.signal })
  } catch (fault) {
    throw reading.signal.aborted ? reading.signal.reason : fault
  }
}

/** @throws when the file cannot be read or is not a zip */
export async function openZip(path: string): Promise<OpenZip> {
  // yauzl reports a file that is missing or a folder less plainly.
  await (await open(path)).close()
  const zip = await openPromise(path, { autoClose: false })
  try {
    const entries = new Map<string, Parameters<typeof zip.openReadStreamPromise>[0]>()
    for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry)
    return {
      names: [...entries.keys()],
      async read(name) {
        const entry = entries.get(name)
        if (entry === undefined) throw new Error(`${name} is missing in it`)
        return zip.openReadStreamPromise(entry)
      },
      close: () => zip.close(),
    }
  } catch (fault) {
    zip.close()
    throw fault
  }
}
