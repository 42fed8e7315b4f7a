import type { Log } from '../log.ts'
import type { Detail, SourceFault } from '../sources/source.ts'
import { troubleLog } from './trouble-log.ts'

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
