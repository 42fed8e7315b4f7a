import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { SILENT } from '../../src/log.ts'
import { openDiskCache } from '../../src/tiles/disk/cache.ts'

/** As large as a tile, other bytes for each key: by its bytes alone it is seen to be the right one. */
export function bytesFor(key: string): Buffer<ArrayBuffer> {
  const digest = createHash('sha512').update(key).digest()
  const length = 20_000 + (digest.readUInt16BE(0) % 80_000)
  return Buffer.from(Buffer.alloc(length, digest))
}

export const keyFor = (barcode: string, n: number) => `${barcode}\n0123456789abcdef\n${n}\nfull`

/**
 * A process that writes so many images into a cache on disk, a line for each hundred:
 * node disk-writer.ts FOLDER MEGABYTES BARCODE COUNT
 */
async function main([folder = '', megabytes, barcode = '', count]: string[]): Promise<void> {
  const cache = await openDiskCache({
    folder,
    bytes: Number(megabytes) * 1024 * 1024,
    variant: '',
    clock: Date,
    log: { ...SILENT, warn: (line: unknown, event?: string) => console.log(event, line) },
    monotonic: () => performance.now(),
  })
  for (let n = 0; n < Number(count); n++) {
    const key = keyFor(barcode, n)
    cache.put(key, { bytes: bytesFor(key), etag: `"${n}"` })
    if (n % 20 === 0) await wait(5)
    if (n % 100 === 0) console.log(`written ${n}`)
  }
  await cache.close()
  console.log('done')
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2))
