import type { z } from 'zod'
import type { Reply } from '../outgoing.ts'
import type { MakeLsp } from './choose.ts'
import { basicPass, clientPasses, type Pass } from './koha-pass.ts'
import { BIBLIO, ITEMS, recordOf } from './koha-record.ts'
import type { LspAnswer, LspHealth } from './lsp.ts'
import { answerWith, failureOf, jsonOf, type LspFailure, NOT_UNDERSTOOD } from './replies.ts'

type Told<Shape> = { readonly kind: 'told'; readonly value: Shape } | { readonly kind: 'gone' }

/**
 * Koha, by its REST API. The account, or the user of the API client, needs the permission
 * `catalogue`.
 *
 * @see https://api.koha-community.org
 */
export const koha: MakeLsp = (settings, ask, monotonic) => {
  const api = `${settings.kohaUrl.replace(/\/+$/, '')}/api/v1`
  const { kohaClientId: id, kohaClientSecret: secret } = settings
  const post = (body: string) =>
    ask({
      url: new URL(`${api}/oauth/token`),
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body,
    })
  const passes =
    id === '' || secret === ''
      ? basicPass(settings.kohaUser, settings.kohaPassword)
      : clientPasses({ id, secret, post, monotonic })

  /** One question; when its pass is refused, once more with another. */
  async function get<Shape>(path: string, shape: z.ZodType<Shape>) {
    const put = ({ authorization }: Pass) =>
      ask({ url: new URL(api + path), headers: { authorization, accept: 'application/json' } })
    const pass = await passes()
    if (pass.kind !== 'pass') return pass
    const reply = await put(pass)
    if (reply.kind === 'no-reply' || reply.status !== 401) return read(reply, shape)
    const other = await passes(pass)
    return other.kind === 'pass' ? read(await put(other), shape) : other
  }

  // Without `_match`, Koha finds every barcode that contains this one.
  const itemsWith = (barcode: string) =>
    get(`/items?external_id=${encodeURIComponent(barcode)}&_match=exact`, ITEMS)

  return {
    name: 'Koha',

    async lookUp(barcode): Promise<LspAnswer> {
      const items = await itemsWith(barcode)
      if (items.kind !== 'told') return items.kind === 'gone' ? NOT_UNDERSTOOD : items
      // Even then its database takes A for a, and é for e.
      const [item, another] = items.value.filter(
        ({ external_id }) => external_id.trim() === barcode,
      )
      if (item === undefined) return { kind: 'not-found' }
      if (another !== undefined) return { kind: 'several' }
      const biblio = await get(`/biblios/${encodeURIComponent(item.biblio_id)}`, BIBLIO)
      if (biblio.kind === 'told') {
        return answerWith(recordOf(item, biblio.value, settings.kohaOpacUrl))
      }
      return biblio.kind === 'gone' ? answerWith({}) : biblio
    },

    async check(): Promise<LspHealth> {
      const items = await itemsWith('0')
      if (items.kind === 'told') return { kind: 'well' }
      return items.kind === 'gone' ? NOT_UNDERSTOOD : items
    },
  }
}

function read<Shape>(reply: Reply, shape: z.ZodType<Shape>): Told<Shape> | LspFailure {
  const failure = failureOf(reply)
  if (failure !== undefined || reply.kind === 'no-reply') return failure ?? NOT_UNDERSTOOD
  if (reply.status === 404) return { kind: 'gone' }
  const told = shape.safeParse(reply.status === 200 ? jsonOf(reply) : undefined)
  return told.success ? { kind: 'told', value: told.data } : NOT_UNDERSTOOD
}
