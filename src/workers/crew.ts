import cluster, { type Worker } from 'node:cluster'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { MINUTE, SECOND } from '../clock.ts'
import type { Barcode } from '../ids.ts'
import type { Leases } from '../loans/leases.ts'
import type { Log } from '../log.ts'
import type { Numbers } from '../metrics.ts'
import type { Begin, ToMain, ToWorker } from './messages.ts'

export interface CrewParts {
  readonly size: number
  /** What a worker that starts now is to run by. */
  readonly begin: () => Begin
  readonly leases: Leases
  /** Readers were sent so many manifests, info.jsons and images of this item. */
  readonly sent: (barcode: Barcode, times: number) => void
  readonly log: Log
  /** Milliseconds that only run forward. */
  readonly monotonic: () => number
  /** Called when workers die as fast as they are replaced. */
  readonly hopeless: () => void
}

export interface Crew {
  /** Where the workers listen. */
  readonly address: string
  tellAll(message: ToWorker): void
  /** The numbers of each worker that answers at once. */
  numbers(): Promise<Numbers[]>
  /** Lets all finish what they answer, for up to 10 s, and ends them. */
  stop(): Promise<void>
}

/** More deaths than these, for each worker, in one minute: starting them anew does not help. */
const MOST_DEATHS = 5
/** A worker ends by itself after 10 s. */
const STOPPING_MS = 11 * SECOND
const REPLACING_MS = 200
const NUMBERS_MS = 2 * SECOND

/**
 * Starts the workers, and another one for each that dies.
 *
 * @throws Error with the reason, when one of the first cannot start
 */
export async function startCrew(parts: CrewParts): Promise<Crew> {
  const { size, begin, leases, log, monotonic } = parts
  const workers = new Set<Worker>()
  const counting = new Map<number, (numbers: Numbers) => void>()
  let counted = 0
  /** Not before all have started, nor once they are to end. */
  let replacing = false
  let deaths: number[] = []
  cluster.setupPrimary({
    exec: join(import.meta.dirname, '../worker.ts'),
    args: [],
    serialization: 'advanced',
  })

  /** @returns where it listens */
  function add(): Promise<string> {
    const worker = cluster.fork()
    workers.add(worker)
    send(worker, { kind: 'begin', begin: begin() })
    return new Promise((resolve, reject) => {
      worker.on('message', (message: ToMain) => {
        if (message.kind === 'listens') resolve(message.address)
        else if (message.kind === 'cannot-start') reject(new Error(message.reason))
        else hear(worker, message)
      })
      worker.once('exit', (code, signal) => {
        reject(new Error(`a worker ended (${signal ?? code}) before it listened`))
        workers.delete(worker)
        leases.gone(worker.id)
        if (replacing) void replace(worker, signal ?? code)
      })
    })
  }

  function hear(worker: Worker, message: ToMain): void {
    switch (message.kind) {
      case 'lease': {
        const { id, question } = message
        send(worker, { kind: 'leased', id, answer: leases.ask(worker.id, question) })
        break
      }
      case 'sent':
        for (const [barcode, times] of message.requests) parts.sent(barcode, times)
        break
      case 'counted':
        counting.get(message.id)?.(message.numbers)
        counting.delete(message.id)
        break
    }
  }

  async function replace({ process }: Worker, how: string | number): Promise<void> {
    // When all are ended at once, this process hears of it meanwhile.
    await pause(REPLACING_MS)
    if (!replacing) return
    const now = monotonic()
    deaths = [...deaths.filter((at) => now - at < MINUTE), now]
    log.error({ worker: process.pid, how, inLastMinute: deaths.length }, 'process.worker-died')
    if (deaths.length > MOST_DEATHS * size) parts.hopeless()
    else add().catch((err) => log.error({ err }, 'process.worker-failed'))
  }

  async function numbersOf(worker: Worker): Promise<Numbers | undefined> {
    const id = counted++
    const answer = new Promise<Numbers>((resolve) => counting.set(id, resolve))
    send(worker, { kind: 'count', id })
    const late = pause(NUMBERS_MS, undefined, { ref: false })
    return Promise.race([answer, late]).finally(() => counting.delete(id))
  }

  async function end(worker: Worker): Promise<void> {
    const ended = new Promise((resolve) => worker.once('exit', resolve))
    send(worker, { kind: 'stop' })
    const limit = setTimeout(() => worker.process.kill('SIGKILL'), STOPPING_MS)
    await ended
    clearTimeout(limit)
  }

  async function stop(): Promise<void> {
    replacing = false
    await Promise.all([...workers].map(end))
  }

  const addresses = await Promise.all(Array.from({ length: size }, add)).catch(async (fault) => {
    await stop()
    throw fault
  })
  replacing = true
  return {
    address: addresses[0] ?? '',
    tellAll(message) {
      for (const worker of workers) send(worker, message)
    },
    async numbers() {
      const all = await Promise.all([...workers].map(numbersOf))
      return all.filter((one) => one !== undefined)
    },
    stop,
  }
}

/** What is told to a worker that is just dying is lost with it. */
function send(worker: Worker, message: ToWorker): void {
  worker.send(message, undefined, undefined, () => {})
}
