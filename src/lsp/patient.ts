import { setTimeout as pause } from 'node:timers/promises'
import { SECOND } from '../clock.ts'
import type { Barcode } from '../ids.ts'
import type { Lsp, LspAnswer } from './lsp.ts'

/** How long a platform that gives no answer is waited for, in all, before its word is taken. */
const PATIENCE_S = 100
/** It may be back sooner than it said: we look so often. */
const STEP_S = 10

/**
 * The same platform for whoever asks about many items: while the platform is busy or left alone for a
 * while, they wait and ask again, so that one fault does not cost all the items after it. A
 * platform that stays away is waited for once, and then no more until it has answered.
 *
 * @param wait lets so many milliseconds pass
 */
export function patient<Asked extends Pick<Lsp, 'lookUp'>>(
  lsp: Asked,
  wait: (ms: number) => Promise<unknown> = pause,
): Asked {
  let waiting: Promise<unknown> | undefined
  let waitedS = 0

  function rest(seconds: number): Promise<unknown> {
    waitedS += seconds
    return wait(seconds * SECOND).finally(() => {
      waiting = undefined
    })
  }

  async function lookUp(barcode: Barcode): Promise<LspAnswer> {
    for (;;) {
      const answer = await lsp.lookUp(barcode)
      if (answer.kind !== 'unreachable') waitedS = 0
      const retryAfterS = answer.kind === 'unreachable' ? answer.retryAfterS : undefined
      if (retryAfterS === undefined || waitedS + retryAfterS > PATIENCE_S) return answer
      waiting ??= rest(Math.min(retryAfterS, STEP_S))
      await waiting
    }
  }

  return { ...lsp, lookUp }
}
