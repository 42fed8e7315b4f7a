import { LARGEST_COVER_BYTES, readCover } from '../items/covers.ts'
import { type ItemDraft, parseItemDraft } from '../items/draft.ts'
import type { WebContext } from './context.ts'
import { type FormFaults, type Typed, typedFields } from './item-form.ts'
import { readUpload, type UploadReading } from './uploads.ts'

export type ItemFormReading =
  | {
      readonly kind: 'draft'
      readonly typed: Typed
      readonly draft: ItemDraft
      /** A JPEG, when a picture was chosen. */
      readonly cover: Uint8Array | undefined
    }
  | {
      readonly kind: 'faults'
      readonly typed: Typed
      readonly faults: FormFaults
    }
  /** Nothing is to be saved yet: the button *Look up* was pressed. */
  | {
      readonly kind: 'look-up'
      readonly typed: Typed
      readonly coverFault: string | undefined
    }
  | Extract<UploadReading, { kind: 'refused' }>

/**
 * Reads the form of an item, its cover too.
 *
 * @param before what the fields hold that were not sent
 */
export async function readItemForm(
  c: WebContext,
  before: (sent: ReadonlyMap<string, string>) => Typed = () => ({}),
): Promise<ItemFormReading> {
  const upload = await readUpload(c, LARGEST_COVER_BYTES)
  if (upload.kind === 'refused') return upload
  const sent = upload.fields
  const typed = { ...before(sent), ...typedFields(sent) }
  const reading = parseItemDraft(typed)
  const file = upload.files.get('cover')
  const cover = file && (await readCover(file.bytes))
  const again = cover?.kind === 'cover' ? 'Choose the cover once more.' : cover?.why
  if (sent.get('action') === 'look-up') return { kind: 'look-up', typed, coverFault: again }
  if (reading.kind === 'faults') {
    const faults = { ...reading.faults, ...(again !== undefined && { cover: again }) }
    return { kind: 'faults', typed, faults }
  }
  if (cover?.kind === 'bad') return { kind: 'faults', typed, faults: { cover: cover.why } }
  return { kind: 'draft', typed, draft: reading.draft, cover: cover?.jpeg }
}
