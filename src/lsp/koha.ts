import type { z } from 'zod'
import type { MakeLsp } from './choose.ts'
import { basicPass, clientPasses } from './koha-pass.ts'
import { BIBLIO, filledFrom, ITEMS, isMarc21, recordOf } from './koha-record.ts'
import type { LspAnswer, LspHealth } from './lsp.ts'
import { type Marc, marcOf } from './marc.ts'
import { askWith } from './pass.ts'
import { answerWith, surely, toldBy } from './replies.ts'
import { descend, xmlOf } from './xml.ts'

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

  /**
   * What the columns leave empty, such as the editors of a volume without an author, the whole
   * record may tell. It is not missed: the item is incomplete without it.
   */
  async function fullMarc(biblioId: string): Promise<Marc | undefined> {
    const url = new URL(`${api}/biblios/${encodeURIComponent(biblioId)}`)
    const reply = await askWith(
      passes,
      (pass) => ask({ url, headers: { ...pass, accept: 'application/marcxml+xml' } }),
      (got) => got,
    )
    if (reply.kind !== 'reply') return undefined
    const root = xmlOf(reply)
    const record = root?.localName === 'collection' ? descend(root, 'record') : root
    const marc = record && (await marcOf(record))
    return marc && isMarc21(marc) ? marc : undefined
  }

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
      if (biblio.kind === 'gone') return answerWith({})
      if (biblio.kind !== 'told') return biblio
      const answer = answerWith(recordOf(item, biblio.value, settings.kohaOpacUrl))
      if (answer.kind !== 'incomplete') return answer
      const marc = await fullMarc(item.biblio_id)
      return marc === undefined ? answer : answerWith(filledFrom(marc, answer.record))
    },

    async check(): Promise<LspHealth> {
      const items = await itemsWith('0')
      return items.kind === 'told' ? { kind: 'well' } : items
    },
  }
}
