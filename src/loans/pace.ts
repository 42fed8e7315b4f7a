import { LRUCache } from 'lru-cache'
import { HOUR, SECOND } from '../clock.ts'

export interface PaceLimits {
  /** So many requests at once, and so many a second after that. */
  readonly burst: number
  readonly perSecond: number
  /** So many different pages in any hour. */
  readonly pagesPerHour: number
}

export type Paced =
  | { readonly kind: 'allowed' }
  | {
      readonly kind: 'too-fast'
      readonly limit: 'requests' | 'pages'
      /** Whole seconds, at least one. */
      readonly retryAfterS: number
      /** The first time in this hour: the staff should hear of it. */
      readonly isNews: boolean
    }

export interface Pace {
  /**
   * Counts one request of a reader.
   *
   * @param page the number of the image, undefined when the request is none for a readable page
   */
  take(loanId: number, page: number | undefined): Paced | Promise<Paced>
  /** Counts it if it is plain at once that it is allowed. @returns whether it is */
  pass(loanId: number, page: number | undefined): boolean
}

export function paceOf(settings: {
  readonly readBurst: number
  readonly readPerSecond: number
  readonly pagesPerHour: number
}): PaceLimits {
  const { readBurst: burst, readPerSecond: perSecond, pagesPerHour } = settings
  return { burst, perSecond, pagesPerHour }
}

/** The counts themselves, of which there is one for all processes that answer readers. */
export interface PaceBook extends Pace {
  take(loanId: number, page: number | undefined): Paced
  /**
   * Gives requests away before they come, for another process to let through by itself.
   *
   * @param share the part of what is left that may be given, from 0 to 1
   * @returns how many; until they are `settled`, so many less can gather for this loan
   */
  lend(loanId: number, share: number, most: number): number
  /** So many of those that were lent have come, or are lost. */
  settle(loanId: number, count: number): void
}

interface Reading {
  tokens: number
  lent: number
  filledAt: number
  /** Pages by the time of their last counting, the one longest ago first. */
  readonly pages: Map<number, number>
  /** The last one of these. */
  newest: number | undefined
  readonly toldAt: Map<'requests' | 'pages', number>
}

export const ALLOWED: Paced = { kind: 'allowed' }
/** Readers of whom something is remembered; one of them that is idle for an hour starts afresh. */
const MOST_READINGS = 100_000

/**
 * What a person reads is slower than this; a program that copies a book is slowed down to it. A
 * token bucket for each loan, and a window of an hour over the different pages of it.
 *
 * @param monotonic milliseconds on a clock that nobody sets
 */
export function createPace(limits: PaceLimits, monotonic: () => number): PaceBook {
  const { burst, perSecond, pagesPerHour } = limits
  const readings = new LRUCache<number, Reading>({ max: MOST_READINGS })

  function readingOf(loanId: number, now: number): Reading {
    const known = readings.get(loanId)
    if (known !== undefined) return known
    const fresh: Reading = {
      tokens: burst,
      lent: 0,
      filledAt: now,
      pages: new Map(),
      newest: undefined,
      toldAt: new Map(),
    }
    readings.set(loanId, fresh)
    return fresh
  }

  function filled(loanId: number, now: number): Reading {
    const reading = readingOf(loanId, now)
    const tokens = reading.tokens + ((now - reading.filledAt) / SECOND) * perSecond
    reading.tokens = Math.min(burst - reading.lent, tokens)
    reading.filledAt = now
    return reading
  }

  function refused(
    { toldAt }: Reading,
    limit: 'requests' | 'pages',
    waitMs: number,
    now: number,
  ): Paced {
    const last = toldAt.get(limit)
    const isNews = last === undefined || now - last >= HOUR
    if (isNews) toldAt.set(limit, now)
    return {
      kind: 'too-fast',
      limit,
      retryAfterS: Math.max(1, Math.ceil(waitMs / SECOND)),
      isNews,
    }
  }

  /** @returns how long until one more page fits, 0 when it does now */
  function pageWaitMs(reading: Reading, page: number, now: number): number {
    const { pages } = reading
    for (const [old, at] of pages) {
      if (now - at < HOUR) break
      pages.delete(old)
    }
    if (pages.has(page) || pages.size < pagesPerHour) {
      // Moved to the end: the order of a Map is that of its insertions. Most are there already.
      if (page !== reading.newest) pages.delete(page)
      pages.set(page, now)
      reading.newest = page
      return 0
    }
    const [oldest = now] = pages.values()
    return oldest + HOUR - now
  }

  return {
    take(loanId, page) {
      const now = monotonic()
      const reading = filled(loanId, now)
      if (reading.tokens < 1) {
        return refused(reading, 'requests', ((1 - reading.tokens) / perSecond) * SECOND, now)
      }
      reading.tokens -= 1
      const waitMs = page === undefined ? 0 : pageWaitMs(reading, page, now)
      return waitMs === 0 ? ALLOWED : refused(reading, 'pages', waitMs, now)
    },
    pass(loanId, page) {
      const now = monotonic()
      const reading = filled(loanId, now)
      if (reading.tokens < 1) return false
      if (page !== undefined && pageWaitMs(reading, page, now) > 0) return false
      reading.tokens -= 1
      return true
    },
    lend(loanId, share, most) {
      const reading = filled(loanId, monotonic())
      const count = Math.max(0, Math.min(most, Math.floor(reading.tokens * share)))
      reading.tokens -= count
      reading.lent += count
      return count
    },
    settle(loanId, count) {
      const reading = filled(loanId, monotonic())
      reading.lent = Math.max(0, reading.lent - count)
    },
  }
}
