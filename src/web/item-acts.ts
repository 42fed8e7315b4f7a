import { parseBarcode } from '../ids.ts'
import type { Item } from '../items/items.ts'
import type { Readers } from '../loans/withdraw.ts'
import type { Answers } from './answers.ts'
import type { Visitor, WebContext, WebDeps } from './context.ts'
import { missingField, readForm } from './forms.ts'
import { listAddress, parseListQuery } from './list-query.ts'
import type { Handler, Router } from './routes.ts'

/** What staff want of one item of the list, as a form or an address says. */
export interface ItemRequest {
  readonly item: Item
  field(name: string): string | undefined
  /** What leads a page that asks back to the list that it was asked from. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** That list, and in it the item. */
  readonly list: string
  readonly itemInList: string
}

type Act = (c: WebContext, request: ItemRequest, staff: Visitor) => Response | Promise<Response>

/** What all acts of staff on one item have in common. */
export function itemActs(
  { staffOnly }: Router,
  { items, audit, clock }: WebDeps,
  answers: Answers,
) {
  return {
    /** A handler for the item that the field `barcode` names; others are answered 404. */
    forItem: (act: Act): Handler =>
      staffOnly(async (c, visitor) => {
        const form = c.req.method === 'POST' ? await readForm(c) : addressFields(c)
        if (form.kind === 'refused') return answers.refuse(c, form.refused)
        const typed = form.fields.get('barcode')
        if (typed === undefined) return answers.refuse(c, missingField('barcode'))
        const barcode = parseBarcode(typed)
        const item = barcode && items.find(barcode)
        if (item === undefined) return answers.refuse(c, { kind: 'unknown-item' })
        return act(c, itemRequest(item, form.fields), visitor)
      }),

    /** @param ended how many loans the act has ended */
    record({ item }: ItemRequest, { patron }: Visitor, act: string, ended = 0): void {
      const detail = ended === 0 ? '' : `ended ${ended === 1 ? '1 loan' : `${ended} loans`}`
      audit.record({ at: clock.now(), staff: patron, act, barcode: item.barcode, detail })
    },

    badForm: (c: WebContext, why: string): Response => answers.refuse(c, { kind: 'bad-form', why }),
  }
}

/** The field `readers`; undefined when it says nothing that is known. */
export function readersField({ field }: ItemRequest): Readers | undefined {
  const value = field('readers') ?? 'finish'
  return value === 'finish' || value === 'end' ? value : undefined
}

export const BAD_READERS = 'The field readers must be finish or end.'

function addressFields(c: WebContext): {
  kind: 'address'
  fields: ReadonlyMap<string, string>
} {
  return { kind: 'address', fields: new Map(new URL(c.req.url).searchParams) }
}

function itemRequest(item: Item, sent: ReadonlyMap<string, string>): ItemRequest {
  const list = sent.get('list') ?? ''
  const query = parseListQuery(new URLSearchParams(list))
  return {
    item,
    field: (name) => sent.get(name),
    fields: [['barcode', item.barcode], ...(list ? [['list', list] as const] : [])],
    list: listAddress(query),
    itemInList: listAddress(query, item.barcode),
  }
}
