import { parseBarcode } from '../ids.ts'
import { writeCover } from '../items/covers.ts'
import type { Answers } from './answers.ts'
import type { WebDeps } from './context.ts'
import { type FormFaults, itemForm, type Typed } from './item-form.ts'
import { readItemForm } from './item-form-reading.ts'
import { lookedUpForm, lookUpPart } from './look-up.ts'
import type { Router } from './routes.ts'

/** Adding an item. */
export function addRoutes({ route, staffOnly }: Router, deps: WebDeps, answers: Answers): void {
  const { settings, items, audit, clock, log } = deps
  const nothingAdded = { added: '', addedBarcode: '' }
  const form = (typed: Typed, faults: FormFaults) => ({
    ...itemForm(typed, faults, 'barcode', lookUpPart(deps)),
    ...nothingAdded,
  })
  const taken = { barcode: answers.words({ kind: 'barcode-taken' }).message }

  route('/add', {
    GET: staffOnly((c) => {
      const barcode = parseBarcode(c.req.query('added') ?? '')
      const item = barcode && items.find(barcode)
      const added = item ? { added: item.title, addedBarcode: item.barcode } : nothingAdded
      return answers.page(c, 'add', { ...form({}, {}), ...added })
    }),
  })

  route('/update/add', {
    POST: staffOnly(async (c, { patron }) => {
      const sent = await readItemForm(c)
      if (sent.kind === 'refused') return answers.refuse(c, sent.refused)
      const { typed } = sent
      if (sent.kind === 'look-up') {
        const barcode = parseBarcode(typed.barcode ?? '')
        if (barcode && items.find(barcode)) return answers.page(c, 'add', form(typed, taken), 409)
        const lookedUp = await lookedUpForm(deps, typed, sent.coverFault)
        return answers.page(c, 'add', { ...lookedUp.form, ...nothingAdded }, lookedUp.status)
      }
      if (sent.kind === 'faults') return answers.page(c, 'add', form(typed, sent.faults), 400)
      const { draft, cover } = sent
      if (!items.add(draft, clock.now())) return answers.page(c, 'add', form(typed, taken), 409)
      if (cover) await writeCover(settings.thumbnailsDir, draft.barcode, cover)
      audit.record({ at: clock.now(), staff: patron, act: 'add', barcode: draft.barcode })
      log.info({ item: draft.barcode }, 'item.add')
      deps.covers.lookFor(draft.barcode)
      return c.redirect(`/add?added=${draft.barcode}`, 303)
    }),
  })
}
