import { type DraftField, draftFields, type ItemDraft, parseItemDraft } from './draft.ts'

/** One field that would change. */
export interface FieldChange {
  readonly field: DraftField
  readonly old: string
  readonly new: string
}

type Told = Readonly<Partial<Record<DraftField, string>>>

/**
 * What would change in an item if somebody else's word for it were taken. What they leave empty
 * stays, and so does what no item may hold. The barcode is not theirs to say.
 */
export function changesFor(item: ItemDraft, told: Told): FieldChange[] {
  const before = draftFields(item)
  const said = Object.entries(told).filter(
    ([field, value]) => field !== 'barcode' && value.trim() !== '',
  )
  const reading = parseItemDraft({ ...before, ...Object.fromEntries(said) })
  const faulty = reading.kind === 'faults' ? reading.faults : {}
  return said.flatMap(([name, value]) => {
    const field = name as DraftField
    const now = value.trim()
    if (field in faulty || now === before[field]) return []
    return [{ field, old: before[field], new: now }]
  })
}

/** The item with these changes, leaving out those whose old value is not there any more. */
export function withChanges(item: ItemDraft, changes: readonly FieldChange[]): ItemDraft {
  const before = draftFields(item)
  const still = changes.filter(({ field, old }) => before[field] === old)
  const reading = parseItemDraft({
    ...before,
    ...Object.fromEntries(still.map((change) => [change.field, change.new])),
  })
  if (reading.kind === 'faults') {
    throw new Error(`refresh of ${item.barcode}: ${Object.values(reading.faults).join(' ')}`)
  }
  return reading.draft
}
