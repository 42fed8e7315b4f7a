import { readFile } from 'node:fs/promises'

/** The number in each tag of the first directory (TIFF 6.0, section 2), little-endian. */
export async function tiffTags(image: string): Promise<Record<number, number>> {
  const bytes = await readFile(image)
  const directory = bytes.readUInt32LE(4)
  const count = bytes.readUInt16LE(directory)
  const entries = Array.from({ length: count }, (_, n) => directory + 2 + 12 * n)
  return Object.fromEntries(
    entries.map((at) => {
      const isShort = bytes.readUInt16LE(at + 2) === 3
      return [
        bytes.readUInt16LE(at),
        isShort ? bytes.readUInt16LE(at + 8) : bytes.readUInt32LE(at + 8),
      ]
    }),
  )
}
