/** An instant: whole milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number

/** Anything that tells the time. `Date` is one; tests pass a clock that they can set. */
export interface Clock {
  now(): EpochMs
}

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** Rounds an instant up to a whole minute; an exact minute stays as it is. */
export function upToMinute(at: EpochMs): EpochMs {
  return Math.ceil(at / MINUTE) * MINUTE
}

/**
 * Was the wall clock set back? Small corrections of the time service are none.
 *
 * @param lastSeen the latest instant at which the same clock was read before
 */
export function wasSetBack(now: EpochMs, lastSeen: EpochMs): boolean {
  return now < lastSeen - 5 * MINUTE
}
