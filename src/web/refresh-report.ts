import type { Item } from '../items/items.ts'
import type { LspChoice } from '../lsp/lsp.ts'
import { labelOf } from './item-form.ts'
import { lookUpWith } from './look-up.ts'
import {
  compare,
  newRun,
  type RefreshRun,
  refreshAll,
  type SaveDeps,
  saveRun,
} from './refresh-run.ts'

export type RefreshReport =
  | { readonly kind: 'compared'; readonly run: RefreshRun }
  /** A sentence: there is nobody to ask. */
  | { readonly kind: 'no-lsp'; readonly why: string }

/**
 * Compares items with the library system by script, and saves what would change when told to.
 *
 * @param which one item, or all
 */
export async function refreshReport(
  deps: SaveDeps & { readonly lsp: LspChoice },
  which: Item | 'all',
  save: boolean,
): Promise<RefreshReport> {
  const lsp = lookUpWith(deps)
  if (lsp === undefined) {
    const why = 'The settings name no library system (LSP_TYPE): items are entered by hand.'
    return { kind: 'no-lsp', why }
  }
  const run = newRun()
  if (which === 'all') await refreshAll(run, deps, lsp, Number.POSITIVE_INFINITY)
  else {
    const changes = compare(which, await lsp.lookUp(which.barcode), lsp.name)
    if (typeof changes === 'string') run.faults.push({ item: which, why: changes })
    else if (changes.length > 0) run.changed.push({ item: which, changes })
    run.done = 1
    run.state = 'done'
  }
  if (save) saveRun(deps, run, 'script')
  return { kind: 'compared', run }
}

/** A line for each change and each item that could not be compared, and the sum of it. */
export function refreshLines(run: RefreshRun, saved: boolean): string[] {
  const { changed, faults, done, state } = run
  const same = done - changed.length - faults.length
  const shown = (value: string) => (value === '' ? '(empty)' : value)
  return [
    ...changed.flatMap(({ item, changes }) =>
      changes.map(
        (change) =>
          `${item.barcode}\t${labelOf(change.field)}\t${shown(change.old)} -> ${shown(change.new)}`,
      ),
    ),
    ...faults.map(({ item, why }) => `${item.barcode}\tnot compared\t${why}`),
    ...(state === 'stopped' ? ['stopped: the library system does not answer'] : []),
    `${saved ? `${run.saved} saved` : `${changed.length} would change`}, ${same} the same, ${faults.length} not compared`,
  ]
}

/** The same for machines. */
export function refreshJson(run: RefreshRun, saved: boolean): object {
  return {
    complete: run.state === 'done',
    saved: saved ? run.saved : 0,
    changed: run.changed.map(({ item, changes }) => ({ barcode: item.barcode, changes })),
    notCompared: run.faults.map(({ item, why }) => ({ barcode: item.barcode, why })),
  }
}
