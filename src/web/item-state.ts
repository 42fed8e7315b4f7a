import type { EpochMs } from '../clock.ts'
import type { Item } from '../items/items.ts'
import type { CurrentManifest } from '../manifests/current.ts'
import type { ScanState } from '../scans/state.ts'
import type { StateAction, StateCell } from './item-pages.ts'
import { loansStillRun, overCopies } from './words.ts'

export interface StateFacts {
  readonly item: Item
  readonly manifest: CurrentManifest
  readonly scans: ScanState
  /** When each open loan is due, soonest first. */
  readonly dueTimes: readonly EpochMs[]
  /** Whether this site converts scans when staff ask for it. */
  readonly processes: boolean
  readonly clockTime: (at: EpochMs) => string
}

/** Where an item is on its way from scans to readers, and what staff can do about it. */
export function stateCell(facts: StateFacts): StateCell {
  return {
    ...onTheWay(facts),
    readers: readersStillThere(facts),
    isBusy: facts.scans.kind === 'initiated' || facts.scans.kind === 'processing',
    actions: [...scanActions(facts), ...lendingActions(facts)],
  }
}

const WORK: Readonly<Record<'initiated' | 'processing' | 'problem', string>> = {
  initiated: 'Waiting to be processed',
  processing: 'Being processed',
  problem: 'Problem with the scans',
}

const WAITS_FOR = 'It begins as soon as the conversion of scans runs on the server.'

function onTheWay({ item, manifest, scans, dueTimes }: StateFacts): {
  label: string
  detail: string
} {
  const reason = scans.kind === 'problem' ? scans.reason : ''
  const wait = scans.kind === 'initiated' ? WAITS_FOR : ''
  if (manifest.kind === 'valid') {
    const label = !item.ready ? 'Not ready' : dueTimes.length > 0 ? 'Lending' : 'Ready to lend'
    const detail = scans.kind === 'none' ? '' : `New scans: ${reason || WORK[scans.kind]}`
    return { label, detail }
  }
  if (scans.kind !== 'none') return { label: WORK[scans.kind], detail: reason || wait }
  return manifest.kind === 'invalid'
    ? { label: 'Manifest invalid', detail: manifest.reason }
    : { label: 'No scans yet', detail: '' }
}

/** Readers for whom there is no copy off the shelf any more, and until when. */
function readersStillThere({ item, dueTimes, clockTime }: StateFacts): string {
  return item.ready
    ? overCopies(dueTimes, item.copies, clockTime)
    : loansStillRun(dueTimes, clockTime)
}

function scanActions({ manifest, scans, processes }: StateFacts): StateAction[] {
  if (!processes) return []
  const text = scans.kind === 'problem' ? 'Try again' : 'Process'
  const isWanted = scans.kind === 'problem' || (scans.kind === 'none' && manifest.kind !== 'valid')
  return isWanted ? [{ text, method: 'post', path: '/start-processing', fields: [] }] : []
}

/** What ends somebody's reading asks first, on a page of its own. */
function lendingActions({ item, manifest, dueTimes }: StateFacts): StateAction[] {
  const open = dueTimes.length
  const path = '/ready'
  if (!item.ready) {
    const actions: StateAction[] = []
    if (manifest.kind === 'valid')
      actions.push({ text: 'Make ready', method: 'post', path, fields: [['ready', 'yes']] })
    if (open > 0)
      actions.push({
        text: open === 1 ? 'End it now…' : 'End them now…',
        method: 'get',
        path,
        fields: [],
      })
    return actions
  }
  const takeBack: StateAction =
    open > 0
      ? { text: 'Take back…', method: 'get', path, fields: [] }
      : { text: 'Take back', method: 'post', path, fields: [['ready', 'no']] }
  if (open <= item.copies) return [takeBack]
  const over = open - item.copies
  const text = over === 1 ? 'End the newest now…' : `End the ${over} newest now…`
  return [{ text, method: 'get', path: '/end-newest', fields: [] }, takeBack]
}
