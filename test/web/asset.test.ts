import { brotliDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { compressAhead, toAsset } from '../../src/web/asset.ts'

describe('a file for browsers', () => {
  it('is compressed once, however many ask at the same moment', async () => {
    const text = Buffer.from('Catalogue of the library. '.repeat(100))
    const asset = toAsset('text/plain', text)
    const [first, second] = await Promise.all([asset.brotli?.(), asset.brotli?.()])
    expect(brotliDecompressSync(first ?? '').equals(text)).toBe(true)
    expect(second).toBe(first)
    await compressAhead([asset])
    expect(await asset.brotli?.()).toBe(first)
  })

  it('stays as it is when that is smaller', async () => {
    expect(await toAsset('text/plain', Buffer.from('ab')).brotli?.()).toBeUndefined()
  })
})
