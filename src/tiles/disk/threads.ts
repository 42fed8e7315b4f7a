import { Worker } from 'node:worker_threads'
import { MINUTE } from '../../clock.ts'
import type { Log } from '../../log.ts'
import { troubleLog } from '../trouble-log.ts'
import type { DiskPlace } from './file.ts'
import type { DiskAnswer, DiskTask } from './thread.ts'

export interface DiskThreads {
  /**
   * Never rejects. Each thread does one thing after the other, in the order of the calls.
   *
   * @param longestMs after this nobody waits any more; the task goes on
   * @returns undefined too when the disk fails, is left alone or takes too long
   */
  read(task: DiskTask, longestMs?: number): Promise<unknown>
  write(task: DiskTask, longestMs?: number): Promise<unknown>
  /** Whether the disk is left alone now. */
  rests(): boolean
  /** Says in the log, at most once a minute, that one image was damaged. */
  tellDamaged(): void
  /** Lets what was begun finish for about so long. */
  close(longestMs: number): Promise<void>
}

/** A disk that failed or hangs is left alone for so long. */
const REST_MS = MINUTE

/**
 * Two threads with the same file: SQLite waits for the disk, which no reader's tile must, and a
 * read need not wait for a write.
 */
export function diskThreads(
  place: DiskPlace,
  { log, monotonic }: { log: Log; monotonic: () => number },
): DiskThreads {
  const { folder } = place
  const { tell } = troubleLog(log, monotonic)
  const [reading, writing] = [threadWith(place), threadWith(place)]
  let restsUntil = Number.NEGATIVE_INFINITY
  const rests = () => monotonic() < restsUntil

  function failed(kind: 'fault' | 'damaged' | 'slow', reason: string): void {
    // Of those that were under way together the first one speaks.
    if (rests()) return
    restsUntil = monotonic() + REST_MS
    tell('warn', `disk-cache.${kind}`, kind, { folder, reason })
  }

  async function ask(thread: Thread, task: DiskTask, longestMs?: number): Promise<unknown> {
    if (rests()) return undefined
    try {
      const answer = await within(longestMs, thread.run(task))
      if (answer === 'late') failed('slow', `no answer to ${task.step} within ${longestMs} ms`)
      else if (answer.kind === 'done') return answer.value
      else failed(answer.kind, answer.reason)
    } catch (cause) {
      failed('fault', (cause as Error).message)
    }
    return undefined
  }

  return {
    read: (task, longestMs) => ask(reading, task, longestMs),
    write: (task, longestMs) => ask(writing, task, longestMs),
    rests,
    tellDamaged: () =>
      tell('warn', 'disk-cache.damaged', 'damaged', { folder, reason: 'an image' }),
    async close(longestMs) {
      restsUntil = Number.POSITIVE_INFINITY
      await Promise.all([reading, writing].map((thread) => thread.close(longestMs)))
    },
  }
}

interface Thread {
  /** @throws when the thread itself ends, as for want of memory; the next call starts another */
  run(task: DiskTask): Promise<DiskAnswer>
  close(longestMs: number): Promise<void>
}

function threadWith(place: DiskPlace): Thread {
  let worker: Worker | undefined
  let waiting: PromiseWithResolvers<DiskAnswer>[] = []

  function start(): Worker {
    const started = new Worker(new URL('thread.ts', import.meta.url), { workerData: place })
    started.on('message', (answer: DiskAnswer) => {
      waiting.shift()?.resolve(answer)
      // What nobody waits for keeps no process from ending.
      if (waiting.length === 0) started.unref()
    })
    started.on('error', (cause) => ended(cause))
    started.on('exit', () => ended(new Error('the thread of the disk ended')))
    function ended(cause: Error): void {
      if (worker !== started) return
      worker = undefined
      for (const one of waiting) one.reject(cause)
      waiting = []
    }
    return started
  }

  function run(task: DiskTask): Promise<DiskAnswer> {
    worker ??= start()
    worker.ref()
    const answer = Promise.withResolvers<DiskAnswer>()
    waiting.push(answer)
    worker.postMessage(task)
    return answer.promise
  }

  return {
    run,
    async close(longestMs) {
      if (worker === undefined) return
      await within(longestMs, run({ step: 'close' })).catch(() => {})
      // A thread that waits for a disk ends when the disk answers.
      await within(longestMs, worker?.terminate() ?? Promise.resolve())
    },
  }
}

async function within<T>(longestMs: number | undefined, result: Promise<T>): Promise<T | 'late'> {
  if (longestMs === undefined) return result
  const late = Promise.withResolvers<'late'>()
  const timer = setTimeout(late.resolve, longestMs, 'late')
  try {
    return await Promise.race([result, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
