import { auditIn } from '../../src/audit/audit.ts'
import { giveUp, openDbOrExit } from '../../src/command.ts'
import type { Db } from '../../src/db/open.ts'
import type { Barcode } from '../../src/ids.ts'
import { parseItemDraft } from '../../src/items/draft.ts'
import { itemsIn } from '../../src/items/items.ts'
import { figuresIn } from '../../src/loans/figures.ts'
import { loanQueries } from '../../src/loans/queries.ts'
import { takeBack } from '../../src/loans/withdraw.ts'
import { SILENT } from '../../src/log.ts'
import { manifestStoreFor } from '../../src/manifests/store.ts'
import type { Settings } from '../../src/settings.ts'
import { cameBackWords } from '../../src/web/came-back.ts'
import { loansStillRun, manifestFault, wordsIn } from '../../src/web/words.ts'
import { OPTIONS, type Options } from './options.ts'

/** Each of these changes one item, ends the process with the reason, or returns what to print. */
export async function add(barcode: Barcode, values: Options, settings: Settings): Promise<string> {
  const db = openDbOrExit(settings)
  const items = itemsIn(db)
  const given = Object.entries(OPTIONS).flatMap(([field, option]) => {
    const value = values[option]
    return typeof value === 'string' ? [[field, value]] : []
  })
  const reading = parseItemDraft({ ...Object.fromEntries(given), barcode })
  if (reading.kind === 'faults') giveUp(Object.values(reading.faults))
  const { draft } = reading
  const isBack = items.isRemoved(barcode)
  const isNew = auditIn(db).together(() => {
    if (!items.add(draft, Date.now())) return false
    record(db, 'add', barcode, isBack ? 'came back' : '')
    if (values.ready === true) {
      items.setReady(barcode, true)
      record(db, 'ready', barcode)
    }
    return true
  })
  if (!isNew) giveUp([`there is an item ${barcode} already; nothing was changed`])
  const kept = {
    figures: figuresIn(db),
    manifests: manifestStoreFor(settings, Date, SILENT),
    thumbnailsDir: settings.thumbnailsDir,
  }
  const back = isBack ? [await cameBackWords(kept, barcode)] : []
  const ready = values.ready === true ? [await readyWords(barcode, settings)] : []
  return [`added ${barcode}`, ...back, ...ready].join('\n')
}

export async function makeReady(barcode: Barcode, db: Db, settings: Settings): Promise<string> {
  const isThere = auditIn(db).together(() => {
    if (!itemsIn(db).setReady(barcode, true)) return false
    record(db, 'ready', barcode)
    return true
  })
  if (!isThere) giveUp([`there is no item ${barcode}`])
  return readyWords(barcode, settings)
}

export function notReady(barcode: Barcode, db: Db, { timeZone }: Settings): string {
  const [items, loans, now] = [itemsIn(db), loanQueries(db), Date.now()]
  if (items.find(barcode) === undefined) giveUp([`there is no item ${barcode}`])
  auditIn(db).together(() => {
    takeBack({ items, loans, clock: Date }, barcode, 'finish')
    record(db, 'not-ready', barcode)
  })
  const words = wordsIn(timeZone)
  const times = loans.dueTimes(barcode, now)
  const running = loansStillRun(times, (at) => words.clockTime(at, now))
  return [`${barcode} is not ready`, running].filter((line) => line !== '').join('\n')
}

/** What is said of an item that has been made ready. */
async function readyWords(barcode: Barcode, settings: Settings): Promise<string> {
  const fault = manifestFault(await manifestStoreFor(settings, Date, SILENT).current(barcode))
  if (fault === '') return `${barcode} is ready`
  return `${barcode} is ready, but ${fault}\nIt is lent as soon as its manifest is there and valid.`
}

function record(db: Db, act: string, barcode: Barcode, detail = ''): void {
  auditIn(db).record({ at: Date.now(), staff: 'script', act, barcode, detail })
}
