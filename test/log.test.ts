import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { patronHash } from '../src/log.ts'
import { testClock } from './support/clock.ts'
import { patron } from './support/lending.ts'

const KEY = 'a key of the site that is long enough'
const ann = patron('ann@example.org')

/** A clock that stands before this instant of 2 January 2026, UTC. */
function clockAt(hours: number, minutes = 0, ms = 0) {
  const clock = testClock()
  clock.t = Date.UTC(2026, 0, 2, hours, minutes, 0, ms)
  return clock
}

describe('the code of a patron in the log', () => {
  it('1.7 key of the day: is one until midnight UTC, and another from then on', () => {
    const clock = clockAt(0)
    const hash = patronHash(clock)
    const morning = hash(ann)
    clock.t = Date.UTC(2026, 0, 2, 23, 59, 59, 999)
    expect(hash(ann)).toBe(morning)
    clock.t += 1
    const next = hash(ann)
    expect(next).not.toBe(morning)
    expect(hash(ann)).toBe(next)
  })

  it('1.7 key of the day: never comes back, and no two patrons or days share one', () => {
    const clock = clockAt(12)
    const hash = patronHash(clock)
    const codes = new Set<string>()
    for (let day = 0; day < 30; day++, clock.t += 24 * 3_600_000) {
      for (let n = 0; n < 30; n++) codes.add(hash(patron(`ann-${n}`)))
    }
    clock.t = Date.UTC(2026, 0, 2, 12)
    codes.add(hash(patron('ann-0')))
    expect(codes.size).toBe(901)
  })

  it('1.7 key of the day: is no digest that can be made of name and day alone', () => {
    const code = patronHash(clockAt(12))(ann)
    for (const text of [ann, `2026-01-02\n${ann}`]) {
      for (const kind of ['md5', 'sha1', 'sha256', 'sha512', 'blake2b512']) {
        expect(createHash(kind).update(text).digest('base64url').slice(0, 12)).not.toBe(code)
      }
      expect(createHmac('sha256', '').update(text).digest('base64url').slice(0, 12)).not.toBe(code)
    }
  })

  it('1.7 LOG_KEY: is the same in each process with that key, and another each day and key', () => {
    const clock = clockAt(12)
    const [one, other] = [patronHash(clock, KEY), patronHash(clock, KEY)]
    const today = one(ann)
    expect(today).toMatch(/^[\w-]{12}$/)
    expect(other(ann)).toBe(today)
    expect(patronHash(clock, `${KEY}!`)(ann)).not.toBe(today)
    clock.t += 24 * 3_600_000
    expect(one(ann)).not.toBe(today)
    expect(one(ann)).toBe(other(ann))
  })
})
