import { z } from 'zod'
import type { Reply } from '../outgoing.ts'
import type { MakeLsp } from './choose.ts'
import { cqlTerm } from './cql.ts'
import { changingPasses } from './folio-pass.ts'
import { INSTANCE, recordOf } from './folio-record.ts'
import type { LspAnswer, LspHealth } from './lsp.ts'
import { askWith, fixedPass, type Pass } from './pass.ts'
import { answerWith, type LspFailure, surely, type Told, toldBy } from './replies.ts'

const ITEMS = z.object({ items: z.array(z.object({ holdingsRecordId: z.string().min(1) })) })
const HOLDINGS = z.object({ instanceId: z.string().min(1) })

/**
 * FOLIO, behind Okapi or Eureka. The account needs the permissions
 * inventory.items.collection.get, inventory-storage.holdings.item.get and
 * inventory.instances.item.get.
 */
export const folio: MakeLsp = (settings, ask, monotonic) => {
  const base = settings.folioOkapiUrl.replace(/\/+$/, '')
  const tenant = { 'x-okapi-tenant': settings.folioOkapiTenantId }
  const page = { template: settings.edsPageTemplate, prefix: settings.folioAccessionPrefix }
  const { folioUser: user, folioPassword: password, folioOkapiToken: token } = settings
  const post = (path: string, headers: Pass['headers'], body = '') =>
    ask({ url: new URL(base + path), method: 'POST', headers: { ...tenant, ...headers }, body })
  const passes =
    user === '' || password === ''
      ? fixedPass({ 'x-okapi-token': token })
      : changingPasses({ user, password, post, monotonic })

  const get = <Shape>(path: string, shape: z.ZodType<Shape>) =>
    askWith(
      passes,
      (pass) =>
        ask({
          url: new URL(base + path),
          headers: { ...tenant, ...pass, accept: 'application/json' },
        }),
      (reply) => read(reply, shape),
    )

  /** Two of them, to see whether there are several. */
  const itemsWith = async (barcode: string) => {
    const query = encodeURIComponent(`barcode==${cqlTerm(barcode)}`)
    return surely(await get(`/inventory/items?query=${query}&limit=2`, ITEMS))
  }

  return {
    name: 'FOLIO',

    async lookUp(barcode): Promise<LspAnswer> {
      const items = await itemsWith(barcode)
      if (items.kind !== 'told') return items
      const [item, another] = items.value.items
      if (item === undefined) return { kind: 'not-found' }
      if (another !== undefined) return { kind: 'several' }
      const { holdingsRecordId } = item
      const holdings = await get(
        `/holdings-storage/holdings/${segment(holdingsRecordId)}`,
        HOLDINGS,
      )
      const instance =
        holdings.kind === 'told'
          ? await get(`/inventory/instances/${segment(holdings.value.instanceId)}`, INSTANCE)
          : holdings
      if (instance.kind === 'told') return answerWith(recordOf(instance.value, page))
      return instance.kind === 'gone' ? answerWith({}) : instance
    },

    async check(): Promise<LspHealth> {
      const items = await itemsWith('0')
      return items.kind === 'told' ? { kind: 'well' } : items
    },
  }
}

/** FOLIO says with 400 that it lets nobody in without a token, or not into this tenant. */
function read<Shape>(reply: Reply, shape: z.ZodType<Shape>): Told<Shape> | LspFailure {
  const isShut =
    reply.kind === 'reply' &&
    reply.status === 400 &&
    /token missing|no such tenant/i.test(reply.bytes.toString())
  return isShut ? { kind: 'not-permitted' } : toldBy(reply, shape)
}

/** One segment of a path: an identifier of FOLIO leads nowhere else. */
const segment = (id: string) => encodeURIComponent(id)
