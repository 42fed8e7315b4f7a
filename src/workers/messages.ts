import type { Barcode } from '../ids.ts'
import type { LeaseAnswer, LeaseQuestion } from '../loans/leases.ts'
import type { DayKeys } from '../log.ts'
import type { Numbers } from '../metrics.ts'
import type { Settings } from '../settings.ts'

/**
 * What the main process and its workers tell each other, over the channel that Node gives a child
 * process. Nothing else can write to it, so what arrives is believed.
 */
export type ToWorker =
  /** The first thing it hears: what it runs by. */
  | { readonly kind: 'begin'; readonly begin: Begin }
  | { readonly kind: 'keys'; readonly keys: DayKeys }
  | { readonly kind: 'leased'; readonly id: number; readonly answer: LeaseAnswer }
  | { readonly kind: 'count'; readonly id: number }
  /** Let running answers finish, and end. */
  | { readonly kind: 'stop' }

export type ToMain =
  | { readonly kind: 'listens'; readonly address: string }
  | { readonly kind: 'cannot-start'; readonly reason: string }
  | { readonly kind: 'lease'; readonly id: number; readonly question: LeaseQuestion }
  /** What readers were sent since the last time. */
  | { readonly kind: 'sent'; readonly requests: ReadonlyMap<Barcode, number> }
  | { readonly kind: 'counted'; readonly id: number; readonly numbers: Numbers }

export interface Begin {
  readonly settings: Settings
  /** The Unix socket of the main process. */
  readonly door: string
  readonly keys: DayKeys
}
