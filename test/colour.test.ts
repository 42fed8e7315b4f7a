import { describe, expect, it } from 'vitest'
import { contrast, mix } from '../src/colour.ts'
import { siteStyle } from '../src/web/site-style.ts'

describe('a colour', () => {
  it.each([
    ['#000000', '#ffffff', 21],
    ['#ffffff', '#ffffff', 1],
    ['#777777', '#ffffff', 4.48],
    ['#767676', '#ffffff', 4.54],
  ])('%s on %s has the contrast that WCAG says: %d', (one, other, expected) => {
    expect(contrast(one, other)).toBeCloseTo(expected, 2)
    expect(contrast(other, one)).toBeCloseTo(expected, 2)
  })

  it('mixes with another one', () => {
    expect(mix('#000000', '#ffffff', 0)).toBe('#000000')
    expect(mix('#000000', '#ff8000', 1)).toBe('#ff8000')
    expect(mix('#000000', '#ffffff', 0.5)).toBe('#808080')
  })

  it.each(['#000000', '#1d4f7a', '#8b0000', '#0b6623', '#4b0082'])(
    '%s gets a lighter shade that can be read on dark pages',
    (accent) => {
      const shades = [...siteStyle(accent).matchAll(/--accent: (#[0-9a-f]{6});/g)].map(
        ([, c]) => c!,
      )
      expect(shades[0]).toBe(accent)
      expect(contrast(shades[1]!, '#13171f')).toBeGreaterThan(4.5)
    },
  )
})
