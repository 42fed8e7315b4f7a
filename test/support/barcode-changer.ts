import { changeBarcode } from '../../src/items/change-barcode.ts'
import { draftFields, parseItemDraft } from '../../src/items/draft.ts'
import { itemsIn } from '../../src/items/items.ts'
import { loanQueries } from '../../src/loans/queries.ts'
import { holdScans } from '../../src/scans/hold.ts'
import { barcode, openTestDb } from './lending.ts'

/**
 * A process of its own that gives item A the barcode B: `node barcode-changer.ts DATABASE FOLDERS
 * STEP`, FOLDERS as JSON. It kills itself at step number STEP, and ends with 0 when there is none.
 */
const [file, folders, stopAt] = process.argv.slice(2) as [string, string, string]
const db = openTestDb(file)
const item = itemsIn(db).find(barcode('A'))!
const reading = parseItemDraft({ ...draftFields(item), barcode: 'B', title: 'Changed' })
if (reading.kind === 'faults') throw new Error(JSON.stringify(reading.faults))
let steps = 0
const change = await changeBarcode(
  {
    db,
    clock: Date,
    folders: JSON.parse(folders),
    dueTimes: loanQueries(db).dueTimes,
    holdScans: (one) => holdScans(JSON.parse(folders), one),
    step() {
      if (steps++ === Number(stopAt)) process.kill(process.pid, 'SIGKILL')
    },
  },
  barcode('A'),
  reading.draft,
)
if (change.kind !== 'changed') throw new Error(JSON.stringify(change))
