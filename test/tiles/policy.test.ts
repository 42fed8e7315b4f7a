import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseImageRequest } from '../../src/tiles/image-request.ts'
import { mayHave, mayHaveWhole } from '../../src/tiles/policy.ts'
import { resolve } from '../../src/tiles/resolve.ts'
import { requests } from './requests.ts'

const limits = { largestView: 640, largestTile: 1024 }
const page = { width: 2000, height: 3000 }

function verdict(path: string, of = page, api: 2 | 3 = 2): string {
  const request = parseImageRequest([...path.split('/'), '0', 'default.jpg'], api)
  const found = request.kind === 'bad' ? request : resolve(request, of)
  return found.kind === 'bad' ? 'bad' : mayHave(found, of, limits).kind
}

describe('mayHave', () => {
  it.each([
    'full/90,',
    'full/427,640',
    'full/!640,640',
    'square/640,',
    'pct:0,0,100,100/,640',
    '0,0,512,512/512,',
    '0,0,1024,1024/1024,',
    '512,0,1000,3000/,1024',
    '0,0,1000,3000/300,',
    '0,0,2000,1500/1024,',
    '0,0,1001,1501/400,',
  ])('allows %s of a page of 2000 x 3000', (path) => expect(verdict(path)).toBe('allowed'))

  it.each([
    'full/full',
    'full/max',
    'full/641,',
    'full/,641',
    'full/10,641',
    'square/641,',
    'square/max',
    'pct:0,0,100,100/,641',
    'pct:1,1,99,99/641,',
    '0,0,1001,1501/641,',
    '1,1,1999,2999/800,',
    '0,0,1025,10/full',
    '0,0,10,1025/full',
    '0,0,1000,3000/,1025',
    '0,0,999999,999999/700,',
    'full/pct:50',
    '0,0,10,10/1025,',
  ])('refuses %s of a page of 2000 x 3000', (path) => expect(verdict(path)).toBe('too-large'))

  it('gives an image that is itself a small view whole, but never enlarged beyond a view', () => {
    expect(verdict('full/full', { width: 640, height: 640 })).toBe('allowed')
    expect(verdict('full/max', { width: 1, height: 1 })).toBe('allowed')
    expect(verdict('full/full', { width: 641, height: 10 })).toBe('too-large')
    expect(verdict('full/641,', { width: 640, height: 640 })).toBe('too-large')
  })

  it('cannot be fooled: what it allows is within the limits, however it is written', () => {
    const side = fc.integer({ min: 1, max: 8000 })
    let allowed = 0
    fc.assert(
      fc.property(requests, side, side, (request, width, height) => {
        const found = resolve(request, { width, height })
        if (found.kind === 'bad') return
        if (mayHave(found, { width, height }, limits).kind === 'too-large') return
        allowed++
        const { region, size } = found
        const longest = Math.max(size.width, size.height)
        expect(longest).toBeLessThanOrEqual(1024)
        const covers = (region.width / width > 0.5 ? 1 : 0) + (region.height / height > 0.5 ? 1 : 0)
        if (covers === 2) expect(longest).toBeLessThanOrEqual(640)
      }),
      { numRuns: 5000 },
    )
    expect(allowed, 'needs some that are allowed').toBeGreaterThan(100)
  })

  it('never gives more than a view of nearly the whole page, wherever the region begins', () => {
    for (let x = 0; x < 1000; x += 199) {
      for (let y = 0; y < 1500; y += 299) {
        const region = `${x},${y},${2000 - x},${3000 - y}`
        expect(verdict(`${region}/641,`), region).toBe('too-large')
        expect(verdict(`${region}/,641`), region).toBe('too-large')
        expect(verdict(`${region}/!640,640`), region).toBe('allowed')
      }
    }
  })
})

describe('mayHaveWhole', () => {
  it('gives an image without a service only if its real pixels are a small view', () => {
    expect(mayHaveWhole({ width: 640, height: 640 }, limits).kind).toBe('allowed')
    expect(mayHaveWhole({ width: 641, height: 1 }, limits).kind).toBe('too-large')
    expect(mayHaveWhole({ width: 1, height: 641 }, limits).kind).toBe('too-large')
  })
})
