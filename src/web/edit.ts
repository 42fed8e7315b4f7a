import { type Barcode, parseBarcode } from '../ids.ts'
import { changeBarcode } from '../items/change-barcode.ts'
import { coverFile, deleteCover, saveWithCover } from '../items/covers.ts'
import { draftFields, type ItemDraft } from '../items/draft.ts'
import type { Item } from '../items/items.ts'
import type { Answers } from './answers.ts'
import type { WebContext, WebDeps } from './context.ts'
import { itemForm } from './item-form.ts'
import { readItemForm } from './item-form-reading.ts'
import type { EditPage, ItemForm } from './item-pages.ts'
import { coverSearchPart } from './look-for-cover.ts'
import { lookedUpForm, lookUpPart } from './look-up.ts'
import type { Refused } from './refusals.ts'
import type { Router } from './routes.ts'
import { overCopies } from './words.ts'

/** Changing an item, its barcode and its cover. */
export function editRoutes({ route, staffOnly }: Router, deps: WebDeps, answers: Answers): void {
  const { settings, items, covers, audit, clock, log, words } = deps
  const { thumbnailsDir } = settings

  const find = (text: string | undefined): Item | undefined => {
    const barcode = parseBarcode(text ?? '')
    return barcode && items.find(barcode)
  }

  /** The validator in the address shows a new cover at once, whatever the browser has kept. */
  async function coverUrl(barcode: Barcode): Promise<string> {
    const cover = await coverFile(thumbnailsDir, barcode)
    if (cover === undefined) return ''
    return `/thumbnails/${barcode}.jpg?v=${cover.etag.replaceAll('"', '')}`
  }

  function stillRunning({ barcode, copies }: Pick<Item, 'barcode' | 'copies'>): string {
    const now = clock.now()
    const due = deps.loans.dueTimes(barcode, now)
    return overCopies(due, copies, (at) => words.clockTime(at, now))
  }

  async function page(item: Item, form: ItemForm, saved = false): Promise<EditPage> {
    const { barcode, title } = item
    const cover = await coverUrl(barcode)
    return {
      ...form,
      barcode,
      title,
      cover,
      coverSearch: coverSearchPart(covers, barcode, cover !== ''),
      saved,
      stillRunning: stillRunning(item),
      tooMany: Math.max(0, deps.loans.openLoans(barcode, clock.now()) - item.copies),
    }
  }
  const lookUp = lookUpPart(deps)

  /** @returns why not, or undefined when it is saved and recorded */
  async function save(staff: string, old: Item, draft: ItemDraft): Promise<Refused | undefined> {
    const onChange = () => record(staff, old, draft)
    if (draft.barcode === old.barcode) {
      return audit.together(() => {
        if (!items.update(draft)) return { kind: 'unknown-item' }
        onChange()
        return undefined
      })
    }
    const change = await changeBarcode({ ...deps.barcodeChanges, onChange }, old.barcode, draft)
    return change.kind === 'changed' ? undefined : change
  }

  function record(staff: string, old: Item, draft: ItemDraft): void {
    const changed = Object.entries(draft).filter(
      ([name, value]) => old[name as keyof Item] !== value,
    )
    const detail = [
      ...(old.barcode === draft.barcode ? [] : [`was ${old.barcode}`]),
      changed.map(([name]) => name).join(' '),
      stillRunning(draft),
    ]
    audit.record({
      at: clock.now(),
      staff,
      act: 'edit',
      barcode: draft.barcode,
      detail: detail.filter((part) => part !== '').join('; '),
    })
  }

  const toItem = (c: WebContext) => find(c.req.param('barcode'))

  route('/edit/:barcode', {
    GET: staffOnly(async (c) => {
      const item = toItem(c)
      if (item === undefined) return answers.refuse(c, { kind: 'unknown-item' })
      const saved = c.req.query('saved') !== undefined
      return answers.page(
        c,
        'edit',
        await page(item, itemForm(draftFields(item), {}, '', lookUp), saved),
      )
    }),
  })

  route('/update/edit', {
    POST: staffOnly(async (c, { patron }) => {
      let item: Item | undefined
      const sent = await readItemForm(c, (fields) => {
        item = find(fields.get('old_barcode') ?? fields.get('barcode'))
        return item ? draftFields(item) : {}
      })
      if (sent.kind === 'refused') return answers.refuse(c, sent.refused)
      if (item === undefined) return answers.refuse(c, { kind: 'unknown-item' })
      const { typed } = sent
      if (sent.kind === 'look-up') {
        const { form, status } = await lookedUpForm(c, deps, sent)
        return answers.page(c, 'edit', await page(item, form), status)
      }
      if (sent.kind === 'faults') {
        const form = itemForm(typed, sent.faults, '', lookUp)
        return answers.page(c, 'edit', await page(item, form), 400)
      }
      const { draft, cover } = sent
      const old = item
      const refused = await saveWithCover(
        { thumbnailsDir, barcode: draft.barcode, jpeg: cover },
        () => save(patron, old, draft),
      )
      if (refused?.kind === 'unknown-item') return answers.refuse(c, refused)
      if (refused?.kind === 'cover-not-saved') {
        const { barcode } = draft
        log.error({ item: barcode, err: refused.fault }, 'cover.fault')
        return answers.refuse(c, refused, { href: `/edit/${barcode}`, text: 'Go to the item' })
      }
      if (refused !== undefined) {
        const form = itemForm(typed, { barcode: answers.words(refused).message }, '', lookUp)
        return answers.page(c, 'edit', await page(item, form), 409)
      }
      covers.lookFor(draft.barcode)
      log.info({ item: draft.barcode, was: old.barcode }, 'item.edit')
      return c.redirect(`/edit/${draft.barcode}?saved=yes`, 303)
    }),
  })

  route('/delete-thumbnail/:barcode', {
    GET: staffOnly(async (c) => {
      const item = toItem(c)
      if (item === undefined) return answers.refuse(c, { kind: 'unknown-item' })
      const { barcode, title } = item
      const cover = await coverUrl(barcode)
      return answers.page(c, 'delete-thumbnail', { barcode, title, cover })
    }),
    POST: staffOnly(async (c, { patron }) => {
      const item = toItem(c)
      if (item === undefined) return answers.refuse(c, { kind: 'unknown-item' })
      const { barcode } = item
      await deleteCover(thumbnailsDir, barcode, () =>
        audit.record({ at: clock.now(), staff: patron, act: 'delete-cover', barcode }),
      )
      return c.redirect(`/edit/${barcode}?saved=yes`, 303)
    }),
  })
}
