import { parseBarcode } from '../ids.ts'
import { saveWithCover } from '../items/covers.ts'
import type { Answers } from './answers.ts'
import { cameBackWords } from './came-back.ts'
import type { WebDeps } from './context.ts'
import { type FormFaults, itemForm, type Typed } from './item-form.ts'
import { readItemForm } from './item-form-reading.ts'
import { lookedUpForm, lookUpPart } from './look-up.ts'
import type { Router } from './routes.ts'

/** Adding an item. */
export function addRoutes({ route, staffOnly }: Router, deps: WebDeps, answers: Answers): void {
  const { settings, items, audit, clock, log } = deps
  const nothingAdded = { added: '', addedBarcode: '', cameBack: '' }
  const { figures } = deps.statistics
  const kept = { figures, manifests: deps.manifests, thumbnailsDir: settings.thumbnailsDir }
  const form = (typed: Typed, faults: FormFaults) => ({
    ...itemForm(typed, faults, 'barcode', lookUpPart(deps)),
    ...nothingAdded,
  })
  const taken = { barcode: answers.words({ kind: 'barcode-taken' }).message }

  route('/add', {
    GET: staffOnly(async (c) => {
      const barcode = parseBarcode(c.req.query('added') ?? '')
      const item = barcode && items.find(barcode)
      if (item === undefined) return answers.page(c, 'add', form({}, {}))
      const cameBack = c.req.query('back') === 'yes' ? await cameBackWords(kept, item.barcode) : ''
      const added = { added: item.title, addedBarcode: item.barcode, cameBack }
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
        const lookedUp = await lookedUpForm(c, deps, sent)
        return answers.page(c, 'add', { ...lookedUp.form, ...nothingAdded }, lookedUp.status)
      }
      if (sent.kind === 'faults') return answers.page(c, 'add', form(typed, sent.faults), 400)
      const { draft, cover } = sent
      const { barcode } = draft
      const { thumbnailsDir } = settings
      const isBack = items.isRemoved(barcode)
      const detail = isBack ? 'came back' : ''
      const refused = await saveWithCover({ thumbnailsDir, barcode, jpeg: cover }, async () =>
        audit.together(() => {
          if (!items.add(draft, clock.now())) return { kind: 'barcode-taken' } as const
          audit.record({ at: clock.now(), staff: patron, act: 'add', barcode, detail })
          return undefined
        }),
      )
      if (refused?.kind === 'barcode-taken') {
        return answers.page(c, 'add', form(typed, taken), 409)
      }
      if (refused !== undefined) {
        log.error({ item: barcode, err: refused.fault }, 'cover.fault')
        return answers.refuse(c, refused, { href: `/edit/${barcode}`, text: 'Go to the item' })
      }
      log.info({ item: barcode }, 'item.add')
      deps.covers.lookFor(barcode)
      return c.redirect(`/add?added=${barcode}${isBack ? '&back=yes' : ''}`, 303)
    }),
  })
}
