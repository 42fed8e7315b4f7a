import type { Barcode } from '../ids.ts'
import { coverFile } from '../items/covers.ts'
import type { Figures } from '../loans/figures.ts'
import { ALL_TIME } from '../loans/periods.ts'
import type { ManifestStore } from '../manifests/store.ts'
import { counted } from './words.ts'

export interface CameBackDeps {
  readonly figures: Pick<Figures, 'sum'>
  readonly manifests: Pick<ManifestStore, 'current'>
  readonly thumbnailsDir: string
}

/** Says that an item that was added now is one that was removed, and what it brings along. */
export async function cameBackWords(
  { figures, manifests, thumbnailsDir }: CameBackDeps,
  barcode: Barcode,
): Promise<string> {
  const { loans } = figures.sum(barcode, { from: '', to: '', periods: [ALL_TIME] })
  const manifest = await manifests.current(barcode)
  const cover = await coverFile(thumbnailsDir, barcode)
  const things = [
    ...(loans > 0 ? [`${counted(loans, 'past loan')} in the statistics`] : []),
    ...(manifest.kind === 'missing' ? [] : ['its manifest']),
    ...(cover === undefined ? [] : ['its cover']),
  ]
  const list = new Intl.ListFormat('en-GB').format(things)
  const what = list === '' ? 'It has no past loans, no manifest and no cover.' : `It has ${list}.`
  return `An item with this barcode was removed before: it came back. ${what}`
}
