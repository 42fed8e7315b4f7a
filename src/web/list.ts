import { parseBarcode } from '../ids.ts'
import type { Item } from '../items/items.ts'
import type { Answers } from './answers.ts'
import type { WebDeps } from './context.ts'
import { readForm } from './forms.ts'
import type { Router } from './routes.ts'
import type { ListRow } from './view.ts'
import { lengthInWords } from './words.ts'

const ROWS = 50

/** The staff's list of items, with the switch that makes an item ready. */
export function listRoutes({ route, staffOnly }: Router, deps: WebDeps, answers: Answers): void {
  const { items, loans, manifests, audit, clock, log } = deps

  async function row(item: Item): Promise<ListRow> {
    const manifest = await manifests.current(item.barcode)
    const openLoans = loans.openLoans(item.barcode, clock.now())
    return {
      barcode: item.barcode,
      title: item.title,
      author: item.author,
      copies: item.copies,
      loanLength: lengthInWords(item.loanHours),
      openLoans,
      ready: item.ready,
      state:
        manifest.kind === 'missing'
          ? 'No scans yet'
          : manifest.kind === 'invalid'
            ? 'Manifest invalid'
            : !item.ready
              ? 'Not ready'
              : openLoans > 0
                ? 'Lending'
                : 'Ready to lend',
      problem: manifest.kind === 'invalid' ? manifest.reason : '',
      mayBeReady: manifest.kind === 'valid',
    }
  }

  route('/list', {
    GET: staffOnly(async (c) => {
      const total = items.count()
      const pages = Math.max(1, Math.ceil(total / ROWS))
      const asked = Number(c.req.query('page') ?? '1')
      const page = Number.isInteger(asked) ? Math.min(Math.max(asked, 1), pages) : 1
      const shown = items.page({ limit: ROWS, offset: (page - 1) * ROWS })
      const rows = await Promise.all(shown.map(row))
      return answers.page(c, 'list', { rows, total, page, pages })
    }),
  })

  route('/ready', {
    POST: staffOnly(async (c, { patron }) => {
      const form = await readForm(c)
      if (form.kind === 'refused') return answers.refuse(c, form.refused)
      const barcode = parseBarcode(form.fields.get('barcode') ?? '')
      const ready = form.fields.get('ready')
      if (barcode === undefined || items.find(barcode) === undefined)
        return answers.refuse(c, { kind: 'unknown-item' })
      if (ready !== 'yes' && ready !== 'no') {
        return answers.refuse(c, { kind: 'bad-form', why: 'The field ready must be yes or no.' })
      }
      const readers = form.fields.get('readers') ?? 'finish'
      if (readers !== 'finish' && readers !== 'end') {
        return answers.refuse(c, {
          kind: 'bad-form',
          why: 'The field readers must be finish or end.',
        })
      }
      const manifest = await manifests.current(barcode)
      if (ready === 'yes' && manifest.kind !== 'valid') {
        const why = manifest.kind === 'missing' ? 'its scans are not there yet' : manifest.reason
        return answers.refuse(
          c,
          { kind: 'cannot-be-ready', why },
          { href: '/list', text: 'Go to the list of items' },
        )
      }
      items.setReady(barcode, ready === 'yes')
      if (ready === 'no' && readers === 'end') loans.endAllOf(barcode, clock.now())
      audit.record({
        at: clock.now(),
        staff: patron,
        act: ready === 'yes' ? 'ready' : 'not-ready',
        barcode,
      })
      log.info({ item: barcode, ready: ready === 'yes' }, 'item.ready')
      return c.redirect('/list', 303)
    }),
  })
}
