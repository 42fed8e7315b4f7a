import type { Log } from '../log.ts'
import type { Detail, SourceFault } from '../sources/source.ts'

/** The image server's fault, not the reader's. 503 comes with `retryAfterS`. */
export interface Upstream {
  readonly kind: 'upstream'
  readonly status: 502 | 503 | 504
  readonly retryAfterS?: number
}

/** What a reader is told of a fault: nothing that names the image server. */
export type FaultAnswer =
  | Upstream
  | { readonly kind: 'no-such-image' }
  | { readonly kind: 'bad-request'; readonly reason: string }

/** A server that is down fails every tile: each kind of trouble gets one line in this time. */
const ONE_LINE_MS = 60_000

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

/**
 * Turns a fault of a source into the answer for the reader and, where it is new, a line of the
 * log. One kind of trouble of one image server gets one line a minute: `failed` says for how many
 * requests it stands, those since the last line and this one.
 *
 * @param monotonic milliseconds on a clock that nobody sets
 */
export function faultReports(
  log: Log,
  monotonic: () => number,
): (fault: SourceFault, facts: Detail) => FaultAnswer {
  const { count, tell } = troubleLog(log, monotonic)

  return (fault, facts) => {
    const line = { ...facts, ...fault.detail }
    const server = fault.detail.host ?? fault.detail.source ?? ''
    const down = `${server} down`
    switch (fault.kind) {
      case 'not-found':
        log.info(line, 'upstream.not-found')
        return { kind: 'no-such-image' }
      case 'refused-request':
        log.debug(line, 'upstream.refused')
        return { kind: 'bad-request', reason: 'The image server does not do what was asked.' }
      case 'denied':
        // We may not read there: it is for staff to mend, a patron cannot.
        tell('error', 'upstream.denied', `${server} denied`, line)
        return { kind: 'upstream', status: 502 }
      case 'busy':
        tell('warn', 'upstream.busy', down, line)
        return { kind: 'upstream', status: 503, retryAfterS: fault.retryAfterS }
      case 'resting':
        // What is wrong stands in the lines of those requests that were tried.
        count(down)
        return { kind: 'upstream', status: 503, retryAfterS: fault.retryAfterS }
      case 'timeout':
        tell('warn', 'upstream.timeout', down, line)
        return { kind: 'upstream', status: 504 }
      case 'unreachable':
        tell('warn', 'upstream.error', down, line)
        return { kind: 'upstream', status: 502 }
      case 'bad-answer':
        tell('warn', `upstream.${fault.why}`, `${server} ${fault.why}`, line)
        return { kind: 'upstream', status: 502 }
    }
  }
}
