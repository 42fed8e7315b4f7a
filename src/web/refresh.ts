import type { PatronId } from '../ids.ts'
import { parseBarcode } from '../ids.ts'
import type { Item } from '../items/items.ts'
import { changesFor, type FieldChange } from '../items/refresh.ts'
import type { Answers } from './answers.ts'
import type { WebContext, WebDeps } from './context.ts'
import { readForm } from './forms.ts'
import { labelOf, typedFields, wireOf } from './item-form.ts'
import type { RefreshAllPage, RefreshedItem } from './item-pages.ts'
import { lookUpWith, sayWhenAgain } from './look-up.ts'
import { lspStatus } from './lsp-words.ts'
import {
  compare,
  newRun,
  type RefreshRun,
  refreshAll,
  saveChanges,
  saveRun,
} from './refresh-run.ts'
import type { Router } from './routes.ts'

/** Comparing items with the library system, and taking over what is new there. */
export function refreshRoutes({ route, staffOnly }: Router, deps: WebDeps, answers: Answers): void {
  const { items } = deps
  const lsp = lookUpWith(deps)
  if (lsp === undefined) return

  const find = (c: WebContext): Item | undefined => {
    const barcode = parseBarcode(c.req.param('barcode') ?? '')
    return barcode && items.find(barcode)
  }

  route('/refresh/:barcode', {
    GET: staffOnly(async (c) => {
      const item = find(c)
      if (item === undefined) return answers.refuse(c, { kind: 'unknown-item' })
      const answer = await lsp.lookUp(item.barcode)
      sayWhenAgain(c, answer)
      const changes = compare(item, answer, lsp.name)
      const fault = typeof changes === 'string' ? changes : ''
      const shown = refreshed(item, typeof changes === 'string' ? [] : changes)
      return answers.page(c, 'refresh', { item: shown, fault }, lspStatus(answer))
    }),
    POST: staffOnly(async (c, { patron }) => {
      const item = find(c)
      if (item === undefined) return answers.refuse(c, { kind: 'unknown-item' })
      const form = await readForm(c)
      if (form.kind === 'refused') return answers.refuse(c, form.refused)
      saveChanges(deps, item, changesFor(item, typedFields(form.fields)), patron)
      return c.redirect(`/edit/${item.barcode}?saved=yes`, 303)
    }),
  })

  let run: RefreshRun | undefined

  function saveShown(shown: RefreshRun, staff: PatronId): void {
    if (shown.state === 'running') return
    saveRun(deps, shown, staff)
    shown.changed = []
  }

  route('/refresh', {
    GET: staffOnly((c) => answers.page(c, 'refresh-all', allPage(run, items.count()))),
    POST: staffOnly(async (c, { patron }) => {
      const form = await readForm(c)
      if (form.kind === 'refused') return answers.refuse(c, form.refused)
      if (form.fields.get('action') === 'save') {
        if (run && run.id === form.fields.get('run')) saveShown(run, patron)
      } else if (run?.state !== 'running') {
        run = newRun()
        void refreshAll(run, deps, lsp)
      }
      return c.redirect('/refresh', 303)
    }),
  })
}

function refreshed({ barcode, title }: Item, changes: readonly FieldChange[]): RefreshedItem {
  return {
    barcode,
    title,
    changes: changes.map((change) => ({
      name: wireOf(change.field),
      label: labelOf(change.field),
      old: change.old,
      new: change.new,
    })),
  }
}

function allPage(run: RefreshRun | undefined, items: number): RefreshAllPage {
  return {
    run: run?.id ?? '',
    state: run?.state ?? 'none',
    items,
    done: run?.done ?? 0,
    saved: run?.saved ?? 0,
    changed: (run?.changed ?? []).map(({ item, changes }) => refreshed(item, changes)),
    faults: (run?.faults ?? []).map(({ item: { barcode, title }, why }) => ({
      barcode,
      title,
      why,
    })),
  }
}
