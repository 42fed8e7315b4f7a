import { describe, expect, it } from 'vitest'
import { parseDibsTime } from '../../src/dibs/time.ts'

const TEN = Date.UTC(2026, 0, 2, 10)

describe('a time of DIBS', () => {
  it.each([
    ['2026-01-02 10:00:00', TEN],
    ['2026-01-02 10:00:00.123456', TEN + 123],
    ['2026-01-02 10:00:00+00:00', TEN],
    ['2026-01-02 10:00:00.5+00:00', TEN + 500],
    ['2026-01-02 02:00:00-08:00', TEN],
    ['2026-01-02T10:00:00Z', TEN],
  ])('%s is read', (text, at) => {
    expect(parseDibsTime(text)).toBe(at)
  })

  it.each(['', 'tomorrow', '2026-02-30 10:00:00', '2026-01-02', '2026-01-02 25:00:00', null, 5])(
    '%s is none',
    (text) => {
      expect(parseDibsTime(text)).toBeUndefined()
    },
  )
})
