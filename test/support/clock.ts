import type { Clock, EpochMs } from '../../src/clock.ts'

/** A clock that tests set: it starts on 2 January 2026, 10:00 UTC, and stands still. */
export interface TestClock extends Clock {
  t: EpochMs
}

export function testClock(): TestClock {
  return {
    t: Date.UTC(2026, 0, 2, 10),
    now() {
      return this.t
    },
  }
}
