import { createBreaker } from '../breaker.ts'
import { SECOND } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Lsp, LspAnswer, LspHealth, LspTrouble } from './lsp.ts'

/** A dead platform costs staff one wait; then it is left alone for this long. */
const REST_MS = 30 * SECOND

/** Staff wait no longer than this, however many questions an answer takes. */
export const LONGEST_MS = 10 * SECOND

/** Troubles of the platform as a whole; the others may be those of one record. */
const LEAVE_ALONE: readonly LspTrouble[] = ['timeout', 'connection', 'certificate', 'busy', 'fault']

interface RestedParts {
  readonly log: Log
  /** Milliseconds on a clock that nobody sets. */
  readonly monotonic: () => number
  readonly longestMs: number
}

/**
 * The same platform, left alone for a while after it failed, and waited for no longer than
 * `longestMs`. Each failure is one line of the log, `lsp.fail`, which names no address and no token.
 */
export function rested(lsp: Lsp, { log, monotonic, longestMs }: RestedParts): Lsp {
  const breaker = createBreaker({ failures: 1, withinMs: REST_MS, restMs: REST_MS }, monotonic)

  function note(answer: LspAnswer | LspHealth): void {
    if (answer.kind === 'not-permitted') log.warn({ lsp: lsp.name, kind: answer.kind }, 'lsp.fail')
    if (answer.kind === 'unreachable') {
      log.warn({ lsp: lsp.name, kind: answer.why, code: answer.code }, 'lsp.fail')
    }
    if (answer.kind === 'unreachable' && LEAVE_ALONE.includes(answer.why)) {
      breaker.failed(answer.retryAfterS === undefined ? REST_MS : answer.retryAfterS * SECOND)
    } else {
      breaker.succeeded()
    }
  }

  return {
    ...lsp,
    async lookUp(barcode) {
      const waitMs = breaker.waitMs()
      if (waitMs > 0) {
        return { kind: 'unreachable', why: 'resting', retryAfterS: Math.ceil(waitMs / SECOND) }
      }
      const answer = await inTime(lsp.lookUp(barcode), longestMs)
      note(answer)
      return answer
    },
    async check() {
      const health = await inTime(lsp.check(), longestMs)
      note(health)
      return health
    },
  }
}

/** @returns the answer, or that none came in time; one that comes later is lost */
async function inTime<Answer>(answer: Promise<Answer>, longestMs: number) {
  const none = { kind: 'unreachable', why: 'timeout' } as const
  const { promise: late, resolve } = Promise.withResolvers<typeof none>()
  const timer = setTimeout(() => resolve(none), longestMs)
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
