import { describe, expect, it } from 'vitest'
import { createCache, type Load } from '../../src/tiles/cache.ts'

interface Value {
  readonly bytes: Buffer
  readonly isGood: boolean
}

const value = (size: number, isGood = true): Value => ({ bytes: Buffer.alloc(size), isGood })

const weigh = (v: Value) => (v.isGood ? v.bytes.length : undefined)
const monotonic = () => performance.now()

const cacheOf = (bytes: number, count?: number) =>
  createCache<Value>({ bytes, count, weigh, monotonic })

/** A load that ends when it is told to. */
function held(result: Value) {
  let finish = () => {}
  let fail = (_: Error) => {}
  const state = { loads: 0, aborted: false, finish: () => finish(), fail: (e: Error) => fail(e) }
  const load = (signal: AbortSignal) => {
    state.loads++
    return new Promise<Value>((resolve, reject) => {
      finish = () => resolve(result)
      fail = reject
      signal.addEventListener('abort', () => {
        state.aborted = true
        reject(signal.reason)
      })
    })
  }
  return { load, state }
}

describe('createCache', () => {
  it('loads once for all who ask at the same time, and never again', async () => {
    const cache = cacheOf(100_000)
    const { load, state } = held(value(100))
    const asked = Array.from({ length: 50 }, () => cache.get('a', load))
    state.finish()
    const answers = await Promise.all([...asked, cache.get('a', load)])
    expect(new Set(answers).size).toBe(1)
    expect(await cache.get('a', load)).toBe(answers[0])
    expect(state.loads).toBe(1)
  })

  it('keeps loading for the others when one goes away', async () => {
    const cache = cacheOf(100_000)
    const { load, state } = held(value(100))
    const gone = new AbortController()
    const first = cache.get('a', load, gone.signal)
    const second = cache.get('a', load, new AbortController().signal)
    gone.abort(new Error('closed the tab'))
    await expect(first).rejects.toThrow('closed the tab')
    expect(state.aborted).toBe(false)
    state.finish()
    expect((await second).bytes).toHaveLength(100)
  })

  it('gives the load up when everybody has gone, and starts anew for the next', async () => {
    const cache = cacheOf(100_000)
    const { load, state } = held(value(100))
    const gone = new AbortController()
    const asked = [1, 2].map(() => cache.get('a', load, gone.signal))
    gone.abort(new Error('gone'))
    for (const one of asked) await expect(one).rejects.toThrow('gone')
    expect(state.aborted).toBe(true)
    expect((await cache.get('a', async () => value(7))).bytes).toHaveLength(7)
  })

  it('asks for nothing when the caller has gone before', async () => {
    const { load, state } = held(value(1))
    await expect(cacheOf(1000).get('a', load, AbortSignal.abort())).rejects.toThrow()
    expect(state.loads).toBe(0)
  })

  it('keeps no failed answer and no thrown error for the next who asks', async () => {
    const cache = cacheOf(100_000)
    expect((await cache.get('a', async () => value(10, false))).isGood).toBe(false)
    await expect(cache.get('a', () => Promise.reject(new Error('bug')))).rejects.toThrow('bug')
    expect(cache.count).toBe(0)
    expect((await cache.get('a', async () => value(10))).isGood).toBe(true)
    expect(cache.count).toBe(1)
  })

  it('answers early all who wait, who still count as waiting until the load is over', async () => {
    const cache = cacheOf(100_000)
    const whole = Promise.withResolvers<Value>()
    let aborted = false
    const load: Load<Value> = (signal, early) => {
      signal.addEventListener('abort', () => {
        aborted = true
        whole.reject(signal.reason)
      })
      early(value(1))
      return whole.promise
    }
    const [a, b] = [new AbortController(), new AbortController()]
    for (const { signal } of [a, b]) {
      expect((await cache.get('a', load, signal)).bytes).toHaveLength(1)
    }
    a.abort()
    await new Promise((done) => setImmediate(done))
    expect([aborted, cache.count]).toEqual([false, 0])
    b.abort()
    await new Promise((done) => setImmediate(done))
    expect([aborted, cache.count]).toEqual([true, 0])
    expect((await cache.get('a', async () => value(7))).bytes).toHaveLength(7)
  })

  it('keeps for a time what is worth no more', async () => {
    let now = 1
    const keepMs = ({ isGood }: Value) => (isGood ? undefined : 1000)
    const clocked = { bytes: 100_000, weigh: () => 1, keepMs, monotonic: () => now }
    const cache = createCache<Value>(clocked)
    const bad = await cache.get('bad', async () => value(10, false))
    const good = await cache.get('good', async () => value(10))
    now += 1000
    expect(await cache.get('bad', async () => value(20))).toBe(bad)
    now += 1
    expect((await cache.get('bad', async () => value(20))).bytes).toHaveLength(20)
    now += 1e9
    expect(await cache.get('good', async () => value(20))).toBe(good)
  })

  it('hands out what is too large to keep, and keeps the rest', async () => {
    const cache = cacheOf(80_000)
    await cache.get('small', async () => value(9_000))
    expect((await cache.get('large', async () => value(10_001))).bytes).toHaveLength(10_001)
    expect(cache.count).toBe(1)
  })

  it('1.1 D18: never holds more than its bytes, filled ten times over', async () => {
    const cache = cacheOf(500_000)
    for (let i = 0; i < 1000; i++) {
      await cache.get(`tile ${i}`, async () => value(1000 + ((i * 37) % 9000)))
      expect(cache.bytes).toBeLessThanOrEqual(500_000)
    }
    expect(cache.count).toBeGreaterThan(40)
  })

  it('never holds more than its number, when it has one', async () => {
    const cache = cacheOf(500_000, 3)
    for (let i = 0; i < 10; i++) await cache.get(`tile ${i}`, async () => value(10))
    expect(cache.count).toBe(3)
  })
})
