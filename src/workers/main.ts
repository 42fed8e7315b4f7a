import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, SECOND } from '../clock.ts'
import { makeWay } from '../listen.ts'
import { createLeases } from '../loans/leases.ts'
import { createPace, type PaceBook, paceOf } from '../loans/pace.ts'
import { type PageRequests, pageRequests } from '../loans/page-requests.ts'
import { type DayKeys, dayKeys, type Log } from '../log.ts'
import type { Numbers } from '../metrics.ts'
import type { Settings } from '../settings.ts'
import { type Crew, startCrew } from './crew.ts'

interface Started {
  stop(): Promise<void>
}

export interface MainParts<Server extends Started> {
  readonly settings: Settings
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds that only run forward. */
  readonly monotonic: () => number
  /** Starts the whole of Carrel, behind a Unix socket that only the workers use. */
  startMain(parts: {
    place: { socket: string } & Pick<Settings, 'host' | 'port' | 'demonstration'>
    shared: {
      pace: PaceBook
      pageRequests: PageRequests
      dayKeys: () => DayKeys
      numbers: () => Promise<Numbers[]>
    }
  }): Promise<Server>
  /** Called when workers die as fast as they are replaced. */
  readonly hopeless: () => void
}

/** Soon enough after midnight: each worker has tomorrow's key already. */
const KEYS_EVERY_MS = 20 * SECOND

/**
 * Carrel as several processes. The workers answer what readers ask for all the time; this one does
 * all else, and keeps what must be kept in one place: the pace of each loan, the counts, the keys of
 * the log.
 *
 * @throws Error with the reason, when a worker cannot start
 */
export async function startWithWorkers<Server extends Started>(
  parts: MainParts<Server>,
): Promise<Pick<Crew, 'address'> & Started> {
  const { settings, clock, log, monotonic } = parts
  const pace = createPace(paceOf(settings), monotonic)
  const requests = pageRequests(clock)
  const keys = dayKeys(clock)
  const door = join(privateFolder(), 'main')
  let crew: Crew | undefined
  const server = await parts.startMain({
    place: { ...settings, socket: door },
    shared: {
      pace,
      pageRequests: requests,
      dayKeys: keys,
      numbers: async () => (await crew?.numbers()) ?? [],
    },
  })
  makeWay(settings)
  crew = await startCrew({
    size: settings.workers,
    begin: () => ({ settings: forOneWorker(settings), door, keys: keys() }),
    leases: createLeases(pace, settings.workers),
    sent: requests.count,
    log,
    monotonic,
    hopeless: parts.hopeless,
  })
  const { address, tellAll, stop } = crew
  const timer = setInterval(() => tellAll({ kind: 'keys', keys: keys() }), KEYS_EVERY_MS)
  return {
    address,
    async stop() {
      clearInterval(timer)
      // They may have passed on what is not answered yet.
      await stop()
      await server.stop()
    },
  }
}

/** Only this account can reach what is in it. It goes when the process ends, however it ends. */
function privateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'carrel-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The memory for images is that of all workers together. */
function forOneWorker(settings: Settings): Settings {
  const { workers, iiifCacheMb, iiifCacheImages } = settings
  return {
    ...settings,
    iiifCacheMb: Math.max(1, Math.floor(iiifCacheMb / workers)),
    iiifCacheImages: Math.ceil(iiifCacheImages / workers),
  }
}
