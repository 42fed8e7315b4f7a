import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { isWhole, typeOf } from '../../src/sources/image-type.ts'

const base = () => sharp({ create: { width: 40, height: 30, channels: 3, background: '#a40' } })

describe.each(['jpeg', 'png', 'webp', 'gif'] as const)('an image of type %s', (format) => {
  const type = `image/${format}` as const

  it('is known by its first bytes', async () => {
    expect(typeOf(await base().toFormat(format).toBuffer())).toBe(type)
  })

  it('is whole with padding after its end, and not whole when its end is missing', async () => {
    const bytes = await base().toFormat(format).toBuffer()
    expect(isWhole(bytes, type)).toBe(true)
    expect(isWhole(Buffer.concat([bytes, Buffer.alloc(100)]), type)).toBe(true)
    for (const cut of [1, 2, 13, Math.floor(bytes.length / 2)]) {
      expect(isWhole(bytes.subarray(0, -cut), type), `without its last ${cut}`).toBe(false)
    }
  })
})

describe('typeOf', () => {
  it.each([
    '',
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
    '<!doctype html>',
    '%PDF-1.7',
    'RIFF1234WAVE',
    'II*\0',
  ])('knows no type for %j', (text) => expect(typeOf(Buffer.from(text))).toBeUndefined())
})
