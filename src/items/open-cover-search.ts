import type { Barcode } from '../ids.ts'
import type { Log } from '../log.ts'
import type { LspChoice } from '../lsp/lsp.ts'
import type { Settings } from '../settings.ts'
import { type CoverSearch, coverSearch } from './cover-search.ts'
import { coverSources } from './cover-sources.ts'
import { coverFile } from './covers.ts'
import { coverFinder } from './find-cover.ts'
import type { Items } from './items.ts'

export interface CoverSearchParts {
  readonly settings: Settings
  readonly lsp: LspChoice
  readonly items: Items
  /** Has staff deleted the item's cover, and not asked for another one since? */
  isCoverUnwanted(barcode: Barcode): boolean
  readonly log: Log
  /** Milliseconds that only run forward. */
  readonly monotonic: () => number
  /** The pause after each item for which somebody was asked. */
  readonly paceMs?: number | undefined
}

/** Looking for covers where the setting COVERS says. */
export function openCoverSearch(parts: CoverSearchParts): CoverSearch {
  const { settings, lsp, items, isCoverUnwanted, log, monotonic, paceMs } = parts
  const { thumbnailsDir } = settings
  const sources = coverSources(settings, lsp)
  const find = coverFinder({ items, thumbnailsDir, sources, log, monotonic })
  const isWanted = async (barcode: Barcode) =>
    (await coverFile(thumbnailsDir, barcode)) === undefined && !isCoverUnwanted(barcode)
  return coverSearch({ find, sources, isWanted, log, paceMs })
}
