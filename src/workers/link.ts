import { once } from 'node:events'
import type { Barcode } from '../ids.ts'
import type { LeaseAnswer, LeaseQuestion } from '../loans/leases.ts'
import type { DayKeys } from '../log.ts'
import type { Numbers } from '../metrics.ts'
import type { Begin, ToMain, ToWorker } from './messages.ts'

/** A worker's line to the main process. */
export interface Link {
  readonly begin: Begin
  tell(message: ToMain): void
  /** Resolves in the order of the questions. */
  lease(question: LeaseQuestion): Promise<LeaseAnswer>
  /** The keys of the log, as the main process handed them out last. */
  keys(): DayKeys
}

export interface LinkHandlers {
  readonly numbers: () => Promise<Numbers>
  readonly stop: () => void
}

/**
 * Waits for what the worker is to run by.
 *
 * @param handlers what the main process may ask for, once there is something to ask
 */
export async function linkToMain(handlers: Promise<LinkHandlers>): Promise<Link> {
  const [first] = (await once(process, 'message')) as [ToWorker]
  if (first.kind !== 'begin') throw new Error('a worker is started by the main process only')
  let { keys } = first.begin
  let asked = 0
  const waiting = new Map<number, (answer: LeaseAnswer) => void>()
  const tell = (message: ToMain) => void process.send?.(message)

  process.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'keys':
        keys = message.keys
        break
      case 'leased':
        waiting.get(message.id)?.(message.answer)
        waiting.delete(message.id)
        break
      case 'count': {
        const { id } = message
        void handlers
          .then(({ numbers }) => numbers())
          .then((numbers) => tell({ kind: 'counted', id, numbers }))
        break
      }
      case 'stop':
        void handlers.then(({ stop }) => stop())
        break
    }
  })
  return {
    begin: first.begin,
    tell,
    keys: () => keys,
    lease(question) {
      const id = asked++
      tell({ kind: 'lease', id, question })
      return new Promise((resolve) => waiting.set(id, resolve))
    },
  }
}

/** Counts what readers were sent, to be told to the main process from time to time. */
export function sentRequests() {
  let requests = new Map<Barcode, number>()
  return {
    count(barcode: Barcode): void {
      requests.set(barcode, (requests.get(barcode) ?? 0) + 1)
    },
    /** Tells what has been counted since the last time, if anything. */
    flush({ tell }: Pick<Link, 'tell'>): void {
      if (requests.size === 0) return
      tell({ kind: 'sent', requests })
      requests = new Map()
    },
  }
}
