import { MINUTE } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Detail } from '../sources/source.ts'

/** A server that is down fails every tile: each kind of trouble gets one line in this time. */
const ONE_LINE_MS = MINUTE

interface Trouble {
  toldAt: number
  untold: number
}

/** Counts troubles by their key, and writes down no more than one of each kind a minute. */
export function troubleLog(log: Log, monotonic: () => number) {
  const troubles = new Map<string, Trouble>()

  function count(key: string): Trouble {
    const trouble = troubles.get(key) ?? { toldAt: Number.NEGATIVE_INFINITY, untold: 0 }
    troubles.set(key, trouble)
    trouble.untold++
    return trouble
  }
  return {
    count,
    tell(level: 'warn' | 'error', event: string, key: string, line: Detail): void {
      const trouble = count(key)
      if (monotonic() - trouble.toldAt < ONE_LINE_MS) return
      log[level]({ ...line, failed: trouble.untold }, event)
      trouble.toldAt = monotonic()
      trouble.untold = 0
    },
  }
}
