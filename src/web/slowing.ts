import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import type { Barcode } from '../ids.ts'
import type { Pace } from '../loans/pace.ts'
import type { Log } from '../log.ts'
import { isThumbnail } from '../tiles/policy.ts'
import type { Refused } from './refusals.ts'

/**
 * Slows down what copies books instead of reading them. Every request for an image or its info.json
 * counts; a page counts as read when more than a thumbnail of it is asked for. The staff find the
 * item and the number of the loan in the record, once an hour, and no name.
 *
 * @returns a check of one request: undefined, or the refusal to be given
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
    image: number,
    segments: readonly string[],
  ): Promise<(Refused & { kind: 'too-fast' }) | undefined> => {
    const paced = await pace.take(loanId, pageOf(image, segments))
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
 * The page that counts as read by a request, undefined when none does.
 *
 * @param image the number of the image
 * @param segments what follows it in the address
 */
export function pageOf(image: number, segments: readonly string[]): number | undefined {
  return segments.length > 1 && !isThumbnail(segments) ? image : undefined
}
