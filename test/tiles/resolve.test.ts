import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseImageRequest } from '../../src/tiles/image-request.ts'
import { canonical, resolve } from '../../src/tiles/resolve.ts'
import { requests } from './requests.ts'

const page = { width: 2000, height: 3000 }

function resolved(path: string, api: 2 | 3 = 3, of = page) {
  const request = parseImageRequest(path.split('/'), api)
  return request.kind === 'bad' ? request : resolve(request, of)
}

/** `x,y,w,h>w,h` for a whole path that starts with these two parts. */
function shape(regionAndSize: string, api: 2 | 3 = 3, of = page): string {
  const found = resolved(`${regionAndSize}/0/default.jpg`, api, of)
  if (found.kind === 'bad') return 'bad'
  const { region: r, size } = found
  return `${r.x},${r.y},${r.width},${r.height}>${size.width},${size.height}`
}

describe('resolve', () => {
  it.each([
    ['full/max', '0,0,2000,3000>2000,3000'],
    ['full/400,', '0,0,2000,3000>400,600'],
    ['full/,300', '0,0,2000,3000>200,300'],
    ['full/!400,400', '0,0,2000,3000>267,400'],
    ['full/!9000,9000', '0,0,2000,3000>2000,3000'],
    ['full/^!4000,9000', '0,0,2000,3000>4000,6000'],
    ['full/pct:12.5', '0,0,2000,3000>250,375'],
    ['full/300,300', '0,0,2000,3000>300,300'],
    ['square/200,', '0,500,2000,2000>200,200'],
    ['1900,2900,512,512/max', '1900,2900,100,100>100,100'],
    ['pct:50,50,50,50/max', '1000,1500,1000,1500>1000,1500'],
    ['pct:90,90,50,50/max', '1800,2700,200,300>200,300'],
    ['0,0,2000,4/500,', '0,0,2000,4>500,1'],
    ['full/^4000,', '0,0,2000,3000>4000,6000'],
  ])('reads %s as %s', (given, expected) => {
    expect(shape(given)).toBe(expected)
  })

  it.each([
    '2000,0,10,10/max',
    '0,3000,10,10/max',
    '0,0,0,10/max',
    '0,0,10,0/max',
    'pct:100,0,10,10/max',
    'pct:0,0,0.01,50/max',
    'full/0,',
    'full/,0',
    'full/0,0',
    'full/!0,10',
    'full/^!0,0',
    'full/pct:0',
    'full/pct:0.01',
    'full/2001,',
    'full/,3001',
    'full/pct:101',
    '0,0,10,10/11,5',
  ])('refuses %s: outside, empty, zero, or larger without saying so', (given) => {
    expect(shape(given)).toBe('bad')
  })

  it('lets 2.1, which has no caret, ask for a larger image', () => {
    expect(shape('full/90,', 2, { width: 45, height: 60 })).toBe('0,0,45,60>90,120')
    expect(shape('full/!90,90', 2, { width: 45, height: 60 })).toBe('0,0,45,60>45,60')
  })

  it('gives a region inside of the image and a size of at least one pixel, always', () => {
    const side = fc.integer({ min: 1, max: 20_000 })
    fc.assert(
      fc.property(requests, side, side, (request, width, height) => {
        const found = resolve(request, { width, height })
        if (found.kind === 'bad') return
        const { region: r, size } = found
        for (const n of [r.x, r.y, r.width, r.height, size.width, size.height]) {
          expect(Number.isSafeInteger(n)).toBe(true)
        }
        expect(Math.min(r.width, r.height, size.width, size.height)).toBeGreaterThan(0)
        expect(r.x + r.width).toBeLessThanOrEqual(width)
        expect(r.y + r.height).toBeLessThanOrEqual(height)
        if (!request.size.upscale) {
          expect(size.width).toBeLessThanOrEqual(r.width)
          expect(size.height).toBeLessThanOrEqual(r.height)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('canonical', () => {
  const of = (path: string, api: 2 | 3) => {
    const found = resolved(`${path}/0/default.jpg`, api)
    return found.kind === 'bad' ? 'bad' : canonical(found, api).replace('/0/default.jpg', '')
  }

  it.each([
    ['full/full', 'full/full'],
    ['0,0,2000,3000/max', 'full/full'],
    ['pct:0,0,100,100/200,', 'full/200,'],
    ['full/200,300', 'full/200,'],
    ['full/,300', 'full/200,'],
    ['full/pct:10', 'full/200,'],
    ['full/!200,300', 'full/200,'],
    ['full/200,200', 'full/200,200'],
    ['1536,0,512,512/full', '1536,0,464,512/464,'],
    ['0,0,2000,4/250,1', '0,0,2000,4/250,1'],
  ])('prints %s as %s for 2.1', (given, expected) => {
    expect(of(given, 2)).toBe(expected)
  })

  it.each([
    ['full/max', 'full/max'],
    ['0,0,9999,9999/^max', 'full/max'],
    ['full/200,', 'full/200,300'],
    ['full/^200,', 'full/200,300'],
    ['full/^4000,', 'full/^4000,6000'],
    ['square/100,', '0,500,2000,2000/100,100'],
    ['0,0,512,512/max', '0,0,512,512/512,512'],
  ])('prints %s as %s for 3.0', (given, expected) => {
    expect(of(given, 3)).toBe(expected)
  })

  it('means the same pixels as the request, and is its own canonical form', () => {
    const side = fc.integer({ min: 1, max: 20_000 })
    const api = fc.constantFrom(2 as const, 3 as const)
    fc.assert(
      fc.property(requests, side, side, api, (request, width, height, version) => {
        const size = { ...request.size, upscale: version === 3 && request.size.upscale }
        const first = resolve({ ...request, size, api: version }, { width, height })
        if (first.kind === 'bad') return
        // More than seven digits cannot be asked for; such sizes never pass the policy.
        if (Math.max(first.size.width, first.size.height) > 9_999_999) return
        const path = canonical(first, version)
        expect(resolved(path, version, { width, height })).toEqual(first)
      }),
      { numRuns: 2000 },
    )
  })
})
