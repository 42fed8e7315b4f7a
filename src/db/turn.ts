import { setTimeout as pause } from 'node:timers/promises'
import type { Db } from './open.ts'
import { databaseTrouble } from './trouble.ts'

/** In all, a request waits two seconds for its turn. */
const TRIES = 100
const PAUSE_MS = 20
/** What SQLite itself may wait, since nothing else goes on meanwhile. */
const STANDSTILL_MS = 250

/**
 * Lets a server wait for other processes that write without standing still: while SQLite waits,
 * better-sqlite3 blocks the event loop, and with it every reader.
 *
 * @returns a function to be awaited before a request that may write: it comes back as soon as
 *   nobody else writes, and throws SQLITE_BUSY after two seconds, or at once whatever else makes
 *   writing impossible (a read-only file)
 */
export function writersTurn({ $client }: Db): () => Promise<void> {
  $client.pragma(`busy_timeout = ${STANDSTILL_MS}`)

  function attempt(): void {
    $client.pragma('busy_timeout = 0')
    try {
      $client.exec('begin immediate')
      $client.exec('rollback')
    } finally {
      $client.pragma(`busy_timeout = ${STANDSTILL_MS}`)
    }
  }

  return async () => {
    for (let tries = 1; ; tries++) {
      try {
        return attempt()
      } catch (fault) {
        const isBusy = databaseTrouble(fault)?.startsWith('SQLITE_BUSY')
        if (tries === TRIES || !isBusy) throw fault
      }
      await pause(PAUSE_MS)
    }
  }
}
