import { auditIn } from '../../src/audit/audit.ts'
import { giveUp, openDbOrExit } from '../../src/command.ts'
import type { Barcode } from '../../src/ids.ts'
import { itemsIn } from '../../src/items/items.ts'
import { SILENT } from '../../src/log.ts'
import { chooseLsp } from '../../src/lsp/choose.ts'
import type { Settings } from '../../src/settings.ts'
import { refreshJson, refreshLines, refreshReport } from '../../src/web/refresh-report.ts'
import type { Options } from './options.ts'

/** @returns what would change, or was changed, in one item or in all; faults set the exit code */
export async function refresh(
  barcode: Barcode | undefined,
  values: Options,
  settings: Settings,
): Promise<string> {
  const db = openDbOrExit(settings)
  const items = itemsIn(db)
  const which = barcode === undefined ? 'all' : items.find(barcode)
  if (which === undefined) giveUp([`there is no item ${barcode}`])
  const lsp = await chooseLsp({ settings, log: SILENT, monotonic: () => performance.now() })
  // Covers are looked for by a command of their own: find-covers.
  const covers = { lookFor() {} }
  const deps = { items, covers, audit: auditIn(db), clock: Date, log: SILENT, lsp }
  const save = values.save === true
  const report = await refreshReport(deps, which, save)
  if (report.kind === 'no-lsp') giveUp([report.why])
  const { run } = report
  if (run.state !== 'done' || run.faults.length > 0) process.exitCode = 1
  if (values.json) return JSON.stringify(refreshJson(run, save), null, 2)
  return refreshLines(run, save).join('\n')
}
