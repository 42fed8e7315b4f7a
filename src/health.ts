import { type Clock, type EpochMs, SECOND, wasSetBack } from './clock.ts'

/** How the server does. */
export interface Health {
  /** To be called when a sweep has gone through: it read and wrote the database. */
  swept(): void
  /** Why it cannot lend just now: sentences for the operator, none of which names a patron. */
  faults(): string[]
}

/** After so long without a sweep something is wrong: it runs every 20 seconds. */
const SWEEP_OVERDUE_MS = 90 * SECOND

/**
 * The sweep reads and writes all day long, so whether it goes through tells whether loans can be
 * recorded: a full disk or a read-only file makes it fail, and it recovers by itself.
 *
 * @param lastSeen the latest instant that the database has seen; throws when it cannot be read
 * @param monotonic milliseconds on a clock that nobody sets
 */
export function watchHealth(parts: {
  lastSeen: () => EpochMs
  clock: Clock
  monotonic: () => number
}): Health {
  const { lastSeen, clock, monotonic } = parts
  let sweptAt = monotonic()

  return {
    swept() {
      sweptAt = monotonic()
    },
    faults() {
      const found: string[] = []
      try {
        if (wasSetBack(clock.now(), lastSeen())) {
          found.push('the clock was set back: nothing is lent until it has caught up')
        }
      } catch {
        found.push('the database cannot be read')
      }
      const sinceMs = monotonic() - sweptAt
      if (sinceMs > SWEEP_OVERDUE_MS) {
        found.push(`nothing could be recorded for ${Math.round(sinceMs / SECOND)} seconds`)
      }
      return found
    },
  }
}
