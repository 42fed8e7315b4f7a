import { z } from 'zod'
import type { Reply } from '../outgoing.ts'
import { ITEM, recordOf } from './alma-record.ts'
import type { MakeLsp } from './choose.ts'
import type { LspAnswer, LspHealth } from './lsp.ts'
import { answerWith, jsonOf, type LspFailure, surely, toldBy } from './replies.ts'
import { descend, textOf, xmlIn } from './xml.ts'

/**
 * Alma, by its REST API. The key needs to read bibliographic records ("Bibs", read-only).
 *
 * @see https://developers.exlibrisgroup.com/alma/apis/
 */
export const alma: MakeLsp = (settings, ask) => {
  const api = `${settings.almaUrl.replace(/\/+$/, '')}/almaws/v1`
  const headers = { authorization: `apikey ${settings.almaApiKey}`, accept: 'application/json' }

  // Alma answers with a redirect to the item's own address on the same host, key required.
  const itemWith = (barcode: string) =>
    ask({ url: new URL(`${api}/items?item_barcode=${encodeURIComponent(barcode)}`), headers })

  return {
    name: 'Alma',

    async lookUp(barcode): Promise<LspAnswer> {
      const item = itemOf(await itemWith(barcode))
      if (item.kind !== 'told') return item
      if (item.value.item_data.barcode.trim() !== barcode) return { kind: 'not-found' }
      return answerWith(recordOf(item.value, settings.almaPageTemplate))
    },

    async check(): Promise<LspHealth> {
      const item = itemOf(await itemWith('0'))
      return item.kind === 'told' || item.kind === 'not-found' ? { kind: 'well' } : item
    },
  }
}

function itemOf(reply: Reply) {
  return MEANT.get(errorCodeOf(reply)) ?? surely(toldBy(reply, ITEM))
}

/** Codes of errors that say more than the HTTP status, which is 400 for most of them. */
const MEANT: ReadonlyMap<string, { readonly kind: 'not-found' } | LspFailure> = new Map([
  ['401689', { kind: 'not-found' }],
  ['UNAUTHORIZED', { kind: 'not-permitted' }],
  ['FORBIDDEN', { kind: 'not-permitted' }],
  ['Invalid API Key', { kind: 'not-permitted' }],
  // So many calls a second for all programs of the library; the day ends at midnight GMT.
  ['PER_SECOND_THRESHOLD', { kind: 'unreachable', why: 'busy', retryAfterS: 2 }],
  ['DAILY_THRESHOLD', { kind: 'unreachable', why: 'busy', retryAfterS: 600 }],
])

const ERRORS = z.object({
  errorList: z.object({ error: z.array(z.object({ errorCode: z.coerce.string() })).min(1) }),
})

const LONGEST_ERROR = 16_384

/**
 * Alma's errors are in JSON, those of the gateway before it in XML or in plain words, whatever was
 * asked for.
 *
 * @returns the first error's code, or the plain words; '' when there is none
 */
function errorCodeOf(reply: Reply): string {
  if (reply.kind === 'no-reply' || reply.status < 400) return ''
  if (reply.bytes.length > LONGEST_ERROR) return ''
  if (reply.mime === 'text/plain') return reply.bytes.toString().trim()
  if (reply.mime === 'application/xml' || reply.mime === 'text/xml') {
    return textOf(descend(xmlIn(reply.bytes), 'errorList', 'error', 'errorCode'))
  }
  const errors = ERRORS.safeParse(jsonOf(reply))
  return errors.success ? (errors.data.errorList.error[0]?.errorCode ?? '') : ''
}
