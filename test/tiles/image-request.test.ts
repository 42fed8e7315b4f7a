import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ImageRequest,
  parseImageRequest,
  printImageRequest,
} from '../../src/tiles/image-request.ts'
import { requests } from './requests.ts'

const parse = (path: string, api: 2 | 3 = 3) => parseImageRequest(path.split('/'), api)

describe('parseImageRequest', () => {
  it('reads what it printed as the same request, in both versions', () => {
    fc.assert(
      fc.property(requests, fc.constantFrom(2 as const, 3 as const), (request, api) => {
        const of: ImageRequest = {
          ...request,
          api,
          size: { ...request.size, upscale: request.size.upscale && api === 3 },
        }
        expect(parse(printImageRequest(of), api)).toEqual(of)
      }),
    )
  })

  it('reads the forms of sizes and regions', () => {
    expect(parse('pct:0.5,1,50,25.25/^!90,80/!270/gray.png')).toEqual({
      kind: 'request',
      api: 3,
      region: { kind: 'percent', x: 0.5, y: 1, width: 50, height: 25.25 },
      size: { kind: 'within', width: 90, height: 80, upscale: true },
      mirrored: true,
      rotation: 270,
      quality: 'gray',
      format: 'png',
    })
    expect(parse('square/,80/0/default.jpg')).toMatchObject({
      region: { kind: 'square' },
      size: { kind: 'height', height: 80 },
    })
  })

  it('takes full as a size in 2.1 only, and carets in 3.0 only', () => {
    expect(parse('full/full/0/default.jpg', 2).kind).toBe('request')
    expect(parse('full/full/0/default.jpg', 3).kind).toBe('bad')
    expect(parse('full/max/0/default.jpg', 2).kind).toBe('request')
    expect(parse('full/^200,/0/default.jpg', 2).kind).toBe('bad')
    expect(parse('full/^200,/0/default.jpg', 3).kind).toBe('request')
  })

  it.each([
    '',
    'full',
    'full/max/0',
    'full/max/0/default.jpg/more',
    'FULL/max/0/default.jpg',
    '1,2,3/max/0/default.jpg',
    '1,2,3,4,5/max/0/default.jpg',
    '-1,0,5,5/max/0/default.jpg',
    '1e3,0,5,5/max/0/default.jpg',
    '0x10,0,5,5/max/0/default.jpg',
    '1.5,0,5,5/max/0/default.jpg',
    '12345678,0,5,5/max/0/default.jpg',
    ' 1,0,5,5/max/0/default.jpg',
    '1,0,5,5\n/max/0/default.jpg',
    '１,0,5,5/max/0/default.jpg',
    '+1,0,5,5/max/0/default.jpg',
    'pct:NaN,0,5,5/max/0/default.jpg',
    'pct:1.,0,5,5/max/0/default.jpg',
    'pct:.5,0,5,5/max/0/default.jpg',
    'pct:1,1/max/0/default.jpg',
    'full/,/0/default.jpg',
    'full/!90,/0/default.jpg',
    'full/90/0/default.jpg',
    'full/!^90,90/0/default.jpg',
    'full/^^90,/0/default.jpg',
    'full/pct:-1/0/default.jpg',
    'full/Infinity,/0/default.jpg',
    'full/max/45/default.jpg',
    'full/max/361/default.jpg',
    'full/max/360/default.jpg',
    'full/max/!!0/default.jpg',
    'full/max/090/default.jpg',
    'full/max/0/native.jpg',
    'full/max/0/default.svg',
    'full/max/0/default.tif',
    'full/max/0/default',
    'full/max/0/default.jpg?x',
    'full/max/0/default.jpg.png',
    '../../x/max/0/default.jpg',
  ])('refuses %j', (path) => {
    expect(parse(path, 2).kind).toBe('bad')
    expect(parse(path, 3).kind).toBe('bad')
  })

  it('never throws and never makes a number that is not finite', () => {
    const part = fc.oneof(fc.string(), fc.stringMatching(/^[!^pct:0-9.,-]{0,20}$/))
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 5 }),
        fc.constantFrom(2 as const, 3 as const),
        (p, api) => {
          const numbers = JSON.stringify(parseImageRequest(p, api))
          expect(numbers).not.toContain('null')
        },
      ),
    )
  })
})
