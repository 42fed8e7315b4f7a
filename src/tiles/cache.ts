import { LRUCache } from 'lru-cache'

/**
 * Loads what is missing.
 *
 * @param signal fires when nobody waits for the answer any more
 * @param early answers those who wait before the load is over; what it gives them is not kept
 */
export type Load<V> = (signal: AbortSignal, early: (value: V) => void) => Promise<V>

export interface Cache<V> {
  /**
   * @param signal the caller's own: ends this caller's wait with its reason, and the load only
   *   when no other caller waits for it. Whoever was answered early still waits for the load.
   * @returns what is kept under the key, or what one load (shared by all who ask meanwhile) gives
   * @throws what the load throws
   */
  get(key: string, load: Load<V>, signal?: AbortSignal): Promise<V>
  /** What is kept under the key now, which counts as used; loads nothing. */
  hit(key: string): V | undefined
  /** What is kept under the key now; loads nothing. */
  peek(key: string): V | undefined
  /** What is kept now, in bytes and in number. */
  readonly bytes: number
  readonly count: number
}

export interface CacheOptions<V> {
  /** All that is kept weighs no more than this. One that weighs over an eighth is not kept. */
  readonly bytes: number
  /** At most so many are kept. */
  readonly count?: number | undefined
  /** What it weighs in bytes; undefined: not to be kept. */
  weigh(value: V): number | undefined
  /** For how long it is kept, in milliseconds; undefined: as long as there is room. */
  keepMs?(value: V): number | undefined
  /** Milliseconds on a clock that nobody sets. */
  readonly monotonic: () => number
}

interface Loading<V> {
  readonly result: Promise<V>
  /** The result, or what the load gave early. */
  readonly first: Promise<V>
  readonly nobodyWaits: AbortController
  waiters: number
}

/** Guessed: the entry itself, its map slots and list links. */
const OVERHEAD_BYTES = 400

/** A cache bounded in bytes, with one load per key at a time. A failed load is never kept. */
export function createCache<V extends object>(options: CacheOptions<V>): Cache<V> {
  const kept = new LRUCache<string, V>({
    maxSize: options.bytes,
    maxEntrySize: Math.max(1, Math.floor(options.bytes / 8)),
    perf: { now: options.monotonic },
    ttlResolution: 0,
    ...(options.count === undefined ? {} : { max: options.count }),
  })
  const loading = new Map<string, Loading<V>>()

  function keep(key: string, value: V): void {
    const weight = options.weigh(value)
    if (weight === undefined) return
    const ttl = options.keepMs?.(value)
    const size = weight + 2 * key.length + OVERHEAD_BYTES
    kept.set(key, value, ttl === undefined ? { size } : { size, ttl })
  }

  function start(key: string, load: Load<V>): Loading<V> {
    const nobodyWaits = new AbortController()
    const first = Promise.withResolvers<V>()
    const result = load(nobodyWaits.signal, first.resolve)
      .then((value) => {
        keep(key, value)
        return value
      })
      .finally(() => {
        if (loading.get(key) === started) loading.delete(key)
      })
    result.then(first.resolve, first.reject)
    const started: Loading<V> = { result, first: first.promise, nobodyWaits, waiters: 0 }
    loading.set(key, started)
    return started
  }

  function leave(key: string, left: Loading<V>): void {
    left.waiters--
    if (left.waiters > 0 || loading.get(key) !== left) return
    // Whoever asks from now on must not join a load that is being given up.
    loading.delete(key)
    left.nobodyWaits.abort()
  }

  return {
    async get(key, load, signal) {
      signal?.throwIfAborted()
      const hit = kept.get(key)
      if (hit !== undefined) return hit
      const shared = loading.get(key) ?? start(key, load)
      shared.waiters++
      return signal === undefined ? shared.first : firstOf(shared, signal, () => leave(key, shared))
    },
    hit: (key) => kept.get(key),
    peek: (key) => kept.peek(key),
    get bytes() {
      return kept.calculatedSize
    },
    get count() {
      return kept.size
    },
  }
}

/** What a load gives first. Until it is over, `signal` ends the wait, also of who has that already. */
function firstOf<V>(
  { first, result }: Loading<V>,
  signal: AbortSignal,
  leave: () => void,
): Promise<V> {
  return new Promise((resolve, reject) => {
    const gone = () => {
      reject(signal.reason)
      leave()
    }
    const over = () => signal.removeEventListener('abort', gone)
    signal.addEventListener('abort', gone)
    first.then(resolve, reject)
    result.then(over, over)
  })
}
