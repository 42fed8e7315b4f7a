import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import type { Barcode } from '../ids.ts'
import type { Pace } from '../loans/pace.ts'
import type { Log } from '../log.ts'
import { isThumbnail } from '../tiles/policy.ts'
import type { Refused } from './refusals.ts'

/**
 * Slows down what copies books instead of reading them. Every request for an image or its info.json
 * counts, and so do the different pages, of which `pageRead` tells. The staff find the
 * item and the number of the loan in the record, once an hour, and no name.
 *
 * @returns a check of one request, with the number of the page that it reads, if it reads one:
 *   undefined, or the refusal to be given
 */
export function createSlowing(deps: {
  pace: Pace
  audit: Pick<Audit, 'record'>
  clock: Clock
  log: Log
}) {
  const { pace, audit, clock, log } = deps
  return async (
    barcode: Barcode,
    loanId: number,
    page: number | undefined,
  ): Promise<(Refused & { kind: 'too-fast' }) | undefined> => {
    const paced = await pace.take(loanId, page)
    if (paced.kind === 'allowed') return undefined
    const { limit, retryAfterS, isNews } = paced
    if (isNews) {
      log.warn({ item: barcode, loan: loanId, limit }, 'loan.too-fast')
      const detail = `loan ${loanId}: more ${limit} than a person reads`
      audit.record({ at: clock.now(), staff: 'Carrel', act: 'slow-down', barcode, detail })
    }
    return { kind: 'too-fast', retryAfterS }
  }
}

/**
 * A page counts as read when more than a thumbnail of it is asked for.
 *
 * @param segments what follows the number of the image in the path, already decoded
 */
export function pageRead(image: number, segments: readonly string[]): number | undefined {
  return segments.length > 1 && !isThumbnail(segments) ? image : undefined
}
