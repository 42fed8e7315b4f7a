import type { Element } from '@xmldom/xmldom'
import { z } from 'zod'
import type { Ask } from '../outgoing.ts'
import type { Settings } from '../settings.ts'
import type { Lsp, LspAnswer } from './lsp.ts'
import { controlOf, type Marc, marcsOf } from './marc.ts'
import { recordOfMarc } from './marc-record.ts'
import {
  answerWith,
  failureOf,
  type LspFailure,
  NOT_UNDERSTOOD,
  surely,
  toldBy,
} from './replies.ts'
import { childrenOf, xmlOf } from './xml.ts'

/** What bibcirc tells of the items of a record. A barcode of digits may come as a number. */
const details = z.object({
  items: z.array(
    z.object({ barcode: z.union([z.string(), z.number().transform(String)]).nullish() }),
  ),
})

/** Some sizes of a cover, any of them missing. */
const thumbnails = z.object({
  big: z.string().nullish(),
  medium: z.string().nullish(),
  small: z.string().nullish(),
})

const RECORD_ID = /^\d+$/

/** Of more records than this, one search word was too short to mean an item. */
const MOST_RECORDS = 5

/**
 * TIND, which is built on Invenio: a search for MARCXML by barcode. A search word may mean more
 * than it says (`*` is a joker), so a record counts only when one of its items has the barcode.
 */
export function tind({ tindServerUrl }: Settings, ask: Ask): Lsp {
  const server = tindServerUrl.replace(/\/+$/, '')
  const get = (path: string) => ask({ url: new URL(server + path) })

  async function search(text: string): Promise<Element[] | LspFailure> {
    const reply = await get(`/search?p=barcode%3A+${encodeURIComponent(text)}&of=xm`)
    const collection = xmlOf(reply)
    if (collection?.localName === 'collection') return childrenOf(collection, 'record')
    return failureOf(reply) ?? NOT_UNDERSTOOD
  }

  async function hasItem(id: string, barcode: string): Promise<boolean | LspFailure> {
    const reply = await get(`/nanna/bibcirc/${id}/details`)
    const told = surely(toldBy(reply, details))
    return told.kind === 'told' ? told.value.items.some((item) => item.barcode === barcode) : told
  }

  async function lookUp(barcode: string): Promise<LspAnswer> {
    const records = await search(barcode)
    if ('kind' in records) return records
    if (records.length > MOST_RECORDS) return { kind: 'several' }
    const marcs = await marcsOf(records)
    if (marcs === undefined) return NOT_UNDERSTOOD
    const found: Marc[] = []
    for (const marc of marcs) {
      const id = controlOf(marc, '001')
      if (!RECORD_ID.test(id)) return NOT_UNDERSTOOD
      const has = await hasItem(id, barcode)
      if (typeof has === 'object') return has
      if (has) found.push(marc)
    }
    const [marc] = found
    if (marc === undefined) return { kind: 'not-found' }
    if (found.length > 1) return { kind: 'several' }
    const id = controlOf(marc, '001')
    return answerWith(recordOfMarc(marc, id, `${server}/record/${id}`))
  }

  return {
    name: 'TIND',
    lookUp,
    async check() {
      const records = await search('carrel-check')
      return 'kind' in records ? records : { kind: 'well' }
    },
    /** TIND tells the address, so it is believed only when it stays on TIND's own host. */
    async coverOf({ itemId }) {
      if (!RECORD_ID.test(itemId)) return { kind: 'none' }
      const told = toldBy(await get(`/nanna/thumbnail/${itemId}`), thumbnails)
      if (told.kind !== 'told') return told.kind === 'gone' ? { kind: 'none' } : told
      const address = told.value.big || told.value.medium || told.value.small
      if (!address) return { kind: 'none' }
      const home = new URL(`${server}/`)
      const url = URL.parse(address, home)
      if (url?.host !== home.host) return { kind: 'unreachable', why: 'forbidden' }
      url.protocol = home.protocol
      return { kind: 'at', url }
    },
  }
}
