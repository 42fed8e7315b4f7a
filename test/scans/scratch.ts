import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'
import { onTestFinished } from 'vitest'
import type { Barcode } from '../../src/ids.ts'
import type { ConversionOptions } from '../../src/scans/convert.ts'

export const BOOK = '35047019084201' as Barcode

/** A folder of its own for one test, with the four folders of a conversion in it. */
export function scratch() {
  const root = mkdtempSync(join(tmpdir(), 'carrel-scans-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const options = {
    scansDir: join(root, 'scans'),
    imagesDir: join(root, 'images'),
    manifestDir: join(root, 'manifests'),
    processDir: join(root, 'processing'),
    presentation: 3,
    clock: { now: () => Date.UTC(2026, 0, 2, 10) },
  } satisfies ConversionOptions
  return { root, options, scans: join(options.scansDir, BOOK) }
}

/** A page with something on it: a gradient would hide a page that is turned or cut off. */
export function page(width = 300, height = 400): Sharp {
  const noise = { type: 'gaussian', mean: 200, sigma: 40 } as const
  return sharp({ create: { width, height, channels: 3, background: 'white', noise } })
}

/** @param files name -> content; a name alone is a JPEG page */
export async function fill(
  folder: string,
  files: readonly (string | readonly [string, Buffer])[],
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const plain = await page().jpeg().toBuffer()
  for (const file of files) {
    const [name, content] = typeof file === 'string' ? [file, plain] : file
    await writeFile(join(folder, name), content)
  }
}

/** All files below a folder with their content, to see that nothing was changed. */
export async function contents(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    found[path.slice(folder.length + 1)] = (await readFile(path)).toString('base64')
  }
  return found
}

/** A whole black-and-white PNG that is small on disk however large the page. */
export function hugePng(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.writeUInt8(1, 8)
  const rows = Buffer.alloc((Math.ceil(width / 8) + 1) * height)
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 1 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
