import { z } from 'zod'
import type { Reply } from '../outgoing.ts'
import type { MakeLsp } from './choose.ts'
import { cqlTerm } from './cql.ts'
import { changingPasses, fixedPass, type Pass } from './folio-pass.ts'
import { INSTANCE, recordOf } from './folio-record.ts'
import type { LspAnswer, LspHealth } from './lsp.ts'
import { answerWith, failureOf, jsonOf, type LspFailure, NOT_UNDERSTOOD } from './replies.ts'

const ITEMS = z.object({ items: z.array(z.object({ holdingsRecordId: z.string().min(1) })) })
const HOLDINGS = z.object({ instanceId: z.string().min(1) })

type Told<Shape> = { readonly kind: 'told'; readonly value: Shape } | { readonly kind: 'gone' }

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
      ? fixedPass(token)
      : changingPasses({ user, password, post, monotonic })

  /** One question; when its pass is refused, once more with another. */
  async function get<Shape>(path: string, shape: z.ZodType<Shape>) {
    const put = ({ headers }: Pass) =>
      ask({
        url: new URL(base + path),
        headers: { ...tenant, ...headers, accept: 'application/json' },
      })
    const pass = await passes()
    if (pass.kind !== 'pass') return pass
    const reply = await put(pass)
    if (reply.kind === 'no-reply' || reply.status !== 401) return read(reply, shape)
    const other = await passes(pass)
    return other.kind === 'pass' ? read(await put(other), shape) : other
  }

  /** Two of them, to see whether there are several. */
  const itemsWith = (barcode: string) => {
    const query = encodeURIComponent(`barcode==${cqlTerm(barcode)}`)
    return get(`/inventory/items?query=${query}&limit=2`, ITEMS)
  }

  return {
    name: 'FOLIO',

    async lookUp(barcode): Promise<LspAnswer> {
      const items = await itemsWith(barcode)
      if (items.kind !== 'told') return items.kind === 'gone' ? NOT_UNDERSTOOD : items
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
      if (items.kind === 'told') return { kind: 'well' }
      return items.kind === 'gone' ? NOT_UNDERSTOOD : items
    },
  }
}

function read<Shape>(reply: Reply, shape: z.ZodType<Shape>): Told<Shape> | LspFailure {
  const failure = failureOf(reply)
  if (failure !== undefined || reply.kind === 'no-reply') return failure ?? NOT_UNDERSTOOD
  if (reply.status === 404) return { kind: 'gone' }
  if (reply.status === 400 && /token missing|no such tenant/i.test(reply.bytes.toString())) {
    return { kind: 'not-permitted' }
  }
  const told = shape.safeParse(reply.status === 200 ? jsonOf(reply) : undefined)
  return told.success ? { kind: 'told', value: told.data } : NOT_UNDERSTOOD
}

/** One segment of a path: an identifier of FOLIO leads nowhere else. */
const segment = (id: string) => encodeURIComponent(id)
