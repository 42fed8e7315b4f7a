import { setTimeout as pause } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { SECOND } from '../clock.ts'
import type { Barcode } from '../ids.ts'
import type { Log } from '../log.ts'
import type { ItemCoverSource } from './cover-sources.ts'
import type { CoverFate, FindCover } from './find-cover.ts'

/** Looks for covers in the background: nothing that staff do waits for it or fails by it. */
export interface CoverSearch {
  /** Is there anybody to ask? */
  readonly isOffered: boolean
  /** Looks when those before it are done. A cover that staff deleted is not looked for. */
  lookFor(barcode: Barcode): void
  /** Looks at once, also when staff deleted a cover. Never rejects. */
  lookNow(barcode: Barcode): Promise<void>
  /** What is known of it since the server started. */
  stateOf(barcode: Barcode): CoverState | undefined
  /** Forgets what is waiting, and does not wait for answers. */
  stop(): Promise<void>
}

export type CoverState =
  | CoverFate
  /** Others come first. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'looking' }
  /** Something broke here. */
  | { readonly kind: 'fault' }

export interface CoverSearchDeps {
  readonly find: FindCover
  readonly sources: readonly Pick<ItemCoverSource, 'close'>[]
  /** Is one to be looked for though nobody asks? Not where there is one, or staff deleted it. */
  isWanted(barcode: Barcode): Promise<boolean>
  readonly log: Log
  /** The pause after each item for which somebody was asked. */
  readonly paceMs?: number | undefined
}

/** Open Library lets nobody ask for more than 100 ISBNs in five minutes. */
export const PACE_MS = 3 * SECOND

const REMEMBERED = 1_000

export function coverSearch(deps: CoverSearchDeps): CoverSearch {
  const { find, sources, isWanted, log, paceMs = PACE_MS } = deps
  const isOffered = sources.length > 0
  const waiting = new Set<Barcode>()
  const running = new Map<Barcode, Promise<void>>()
  const ended = new LRUCache<Barcode, CoverState>({ max: REMEMBERED })
  const stopping = new AbortController()
  const { signal } = stopping
  let round: Promise<void> | undefined

  async function look(barcode: Barcode): Promise<void> {
    try {
      ended.set(barcode, await find(barcode, signal))
    } catch (err) {
      log.error({ item: barcode, err }, 'cover.fault')
      ended.set(barcode, { kind: 'fault' })
    }
  }

  function lookOnce(barcode: Barcode): Promise<void> {
    const already = running.get(barcode)
    if (already) return already
    const looking = look(barcode).finally(() => running.delete(barcode))
    running.set(barcode, looking)
    return looking
  }

  /** What is put in while it runs is met by it too. */
  async function work(): Promise<void> {
    for (const barcode of waiting) {
      waiting.delete(barcode)
      if (!(await isWanted(barcode))) continue
      await lookOnce(barcode)
      if (hasAsked(ended.get(barcode))) await pause(paceMs, undefined, { signal })
    }
  }

  async function begin(): Promise<void> {
    try {
      // Not within the request that asked for it.
      await pause()
      await work()
    } catch (err) {
      if (!signal.aborted) log.error({ err }, 'cover.fault')
    }
    round = waiting.size > 0 ? begin() : undefined
  }

  return {
    isOffered,
    lookFor(barcode) {
      if (!isOffered || signal.aborted) return
      waiting.add(barcode)
      round ??= begin()
    },
    async lookNow(barcode) {
      waiting.delete(barcode)
      if (isOffered && !signal.aborted) await lookOnce(barcode)
    },
    stateOf(barcode) {
      if (running.has(barcode)) return { kind: 'looking' }
      return waiting.has(barcode) ? { kind: 'waiting' } : ended.get(barcode)
    },
    async stop() {
      stopping.abort()
      waiting.clear()
      await Promise.all([round, ...running.values()])
      await Promise.all(sources.map(({ close }) => close()))
    },
  }
}

function hasAsked(state: CoverState | undefined): boolean {
  return state?.kind !== 'not-needed' && state?.kind !== 'nothing-to-ask-by'
}
