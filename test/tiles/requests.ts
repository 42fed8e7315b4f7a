import fc from 'fast-check'
import type { ImageRequest } from '../../src/tiles/image-request.ts'

const number = fc.integer({ min: 0, max: 9_999_999 })
const percent = fc.integer({ min: 0, max: 1_000_000 }).map((n) => n / 1000)
const upscale = fc.boolean()

/** Every request that there is, for version 3.0; without carets it is one of 2.1 too. */
export const requests: fc.Arbitrary<ImageRequest> = fc.record({
  kind: fc.constant('request' as const),
  api: fc.constant(3 as const),
  region: fc.oneof(
    fc.record({ kind: fc.constantFrom('full' as const, 'square' as const) }),
    fc.record({
      kind: fc.constant('pixels' as const),
      x: number,
      y: number,
      width: number,
      height: number,
    }),
    fc.record({
      kind: fc.constant('percent' as const),
      x: percent,
      y: percent,
      width: percent,
      height: percent,
    }),
  ),
  size: fc.oneof(
    fc.record({ kind: fc.constant('max' as const), upscale }),
    fc.record({ kind: fc.constant('width' as const), width: number, upscale }),
    fc.record({ kind: fc.constant('height' as const), height: number, upscale }),
    fc.record({
      kind: fc.constantFrom('exact' as const, 'within' as const),
      width: number,
      height: number,
      upscale,
    }),
    fc.record({ kind: fc.constant('percent' as const), percent, upscale }),
  ),
  mirrored: fc.boolean(),
  rotation: fc.constantFrom(0 as const, 90 as const, 180 as const, 270 as const),
  quality: fc.constantFrom('default' as const, 'color' as const, 'gray' as const),
  format: fc.constantFrom('jpg' as const, 'png' as const, 'webp' as const, 'gif' as const),
})
