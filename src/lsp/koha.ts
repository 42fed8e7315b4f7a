import type { z } from 'zod'
import type { MakeLsp } from './choose.ts'
import { basicPass, clientPasses } from './koha-pass.ts'
import { BIBLIO, ITEMS, recordOf } from './koha-record.ts'
import type { LspAnswer, LspHealth } from './lsp.ts'
import { askWith } from './pass.ts'
import { answerWith, surely, toldBy } from './replies.ts'

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

  const get = <Shape>(path: string, shape: z.ZodType<Shape>) =>
    askWith(
      passes,
      (pass) => ask({ url: new URL(api + path), headers: { ...pass, accept: 'application/json' } }),
      (reply) => toldBy(reply, shape),
    )

  // Without `_match`, Koha finds every barcode that contains this one.
  const itemsWith = async (barcode: string) =>
    surely(await get(`/items?external_id=${encodeURIComponent(barcode)}&_match=exact`, ITEMS))

  return {
    name: 'Koha',

    async lookUp(barcode): Promise<LspAnswer> {
      const items = await itemsWith(barcode)
      if (items.kind !== 'told') return items
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
      return items.kind === 'told' ? { kind: 'well' } : items
    },
  }
}
