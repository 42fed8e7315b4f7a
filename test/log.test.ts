import { describe, expect, it } from 'vitest'
import { DAY, HOUR } from '../src/clock.ts'
import { dayKeys, patronHash } from '../src/log.ts'
import { testClock } from './support/clock.ts'
import { patron } from './support/lending.ts'

describe('the codes that stand for patrons in the log of several processes', () => {
  it('agree until and after midnight, though keys are handed out only now and then', () => {
    const clock = testClock()
    const keys = dayKeys(clock)
    const handedOut = keys()
    const [one, other] = [
      patronHash(clock, undefined, keys),
      patronHash(clock, undefined, () => handedOut),
    ]
    const today = one(patron('ann'))
    expect(other(patron('ann'))).toBe(today)
    clock.t += 15 * HOUR
    expect(one(patron('ann'))).not.toBe(today)
    expect(other(patron('ann'))).toBe(one(patron('ann')))
  })

  it('cannot be made again once the day is over', () => {
    const clock = testClock()
    const keys = dayKeys(clock)
    const [today] = keys().keys()
    clock.t += DAY
    expect([...keys().keys()]).not.toContain(today)
    clock.t -= DAY
    const again = patronHash(clock, undefined, () => new Map())
    expect(again(patron('ann'))).not.toBe(again(patron('ann')))
  })
})
