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

/** Turns a fault of a source into one line of the log and the answer for the reader. */
export function reportFault(fault: SourceFault, log: Log, facts: Detail): FaultAnswer {
  const line = { ...facts, ...fault.detail }
  switch (fault.kind) {
    case 'not-found':
      log.info(line, 'upstream.not-found')
      return { kind: 'no-such-image' }
    case 'refused-request':
      log.debug(line, 'upstream.refused')
      return { kind: 'bad-request', reason: 'The image server does not do what was asked.' }
    case 'denied':
      // We may not read there: it is for staff to mend, a patron cannot.
      log.error(line, 'upstream.denied')
      return { kind: 'upstream', status: 502 }
    case 'busy':
      log.warn(line, 'upstream.busy')
      return { kind: 'upstream', status: 503, retryAfterS: fault.retryAfterS }
    case 'timeout':
      log.warn(line, 'upstream.timeout')
      return { kind: 'upstream', status: 504 }
    case 'unreachable':
      log.warn(line, 'upstream.error')
      return { kind: 'upstream', status: 502 }
    case 'bad-answer':
      log.warn(line, `upstream.${fault.why}`)
      return { kind: 'upstream', status: 502 }
  }
}
