/** Keeps callers from a neighbour that has just failed, so that each fault is paid for once. */
export interface Breaker {
  /**
   * How long to leave the neighbour alone, in milliseconds; 0: ask. After each rest one caller is
   * let through to try, and the others wait until that one has told how it went.
   */
  waitMs(): number
  succeeded(): void
  /** @param restMs for this once, as when the neighbour itself says how long to wait */
  failed(restMs?: number): void
}

export interface BreakerOptions {
  /** So many failures one after the other, within so many milliseconds, and it rests. */
  readonly failures: number
  readonly withinMs: number
  readonly restMs: number
}

/** @param monotonic milliseconds on a clock that nobody sets */
export function createBreaker(options: BreakerOptions, monotonic: () => number): Breaker {
  let failedAt: number[] = []
  let restsUntil: number | undefined

  return {
    waitMs() {
      if (restsUntil === undefined) return 0
      const now = monotonic()
      if (now < restsUntil) return restsUntil - now
      // Should this caller never tell how it went, another may try after one more rest.
      restsUntil = now + options.restMs
      return 0
    },
    succeeded() {
      failedAt = []
      restsUntil = undefined
    },
    failed(restMs = options.restMs) {
      const now = monotonic()
      failedAt = [...failedAt.filter((at) => now - at < options.withinMs), now]
      if (restsUntil !== undefined || failedAt.length >= options.failures) restsUntil = now + restMs
    },
  }
}
