import { describe, expect, it } from 'vitest'
import { createBreaker } from '../src/breaker.ts'

function breakerAt(failures: number) {
  const time = { now: 0 }
  const breaker = createBreaker({ failures, withinMs: 10_000, restMs: 5_000 }, () => time.now)
  return { breaker, time }
}

describe('a breaker', () => {
  it('lets everybody through until the failures are enough', () => {
    const { breaker } = breakerAt(3)
    breaker.failed()
    breaker.failed()
    expect(breaker.waitMs()).toBe(0)
    breaker.failed()
    expect(breaker.waitMs()).toBe(5_000)
  })

  it('forgets failures that are long past, and all of them at a success', () => {
    const { breaker, time } = breakerAt(2)
    breaker.failed()
    time.now = 10_000
    breaker.failed()
    expect(breaker.waitMs()).toBe(0)
    breaker.succeeded()
    breaker.failed()
    expect(breaker.waitMs()).toBe(0)
  })

  it('lets one through after the rest, and the others once that one has succeeded', () => {
    const { breaker, time } = breakerAt(1)
    breaker.failed()
    time.now = 4_000
    expect(breaker.waitMs()).toBe(1_000)
    time.now = 5_000
    expect(breaker.waitMs()).toBe(0)
    expect(breaker.waitMs()).toBe(5_000)
    breaker.succeeded()
    expect(breaker.waitMs()).toBe(0)
  })

  it('rests again when the one that was let through fails, though it needs several otherwise', () => {
    const { breaker, time } = breakerAt(3)
    for (let n = 0; n < 3; n++) breaker.failed()
    time.now = 60_000
    expect(breaker.waitMs()).toBe(0)
    breaker.failed()
    expect(breaker.waitMs()).toBe(5_000)
  })

  it('lets another try when the one that was let through never tells', () => {
    const { breaker, time } = breakerAt(1)
    breaker.failed()
    time.now = 5_000
    expect(breaker.waitMs()).toBe(0)
    time.now = 10_000
    expect(breaker.waitMs()).toBe(0)
  })

  it('rests as long as the neighbour asks', () => {
    const { breaker } = breakerAt(1)
    breaker.failed(60_000)
    expect(breaker.waitMs()).toBe(60_000)
  })
})
