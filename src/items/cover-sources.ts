import { coverService } from '../covers/choose.ts'
import {
  type CoverAnswer,
  type CoverSource,
  type CoverTrouble,
  NONE,
  pictureIn,
  unreachable,
} from '../covers/cover-source.ts'
import { lspAddress } from '../lsp/choose.ts'
import { isbn13, isbnOf } from '../lsp/isbn.ts'
import type { Lsp, LspChoice, LspTrouble } from '../lsp/lsp.ts'
import { outgoing } from '../outgoing.ts'
import type { Settings } from '../settings.ts'
import type { Item } from './items.ts'

/** Somebody who can be asked for the cover of an item. */
export interface ItemCoverSource {
  /** As people call it. */
  readonly name: string
  /** @returns undefined when the item has nothing that it could be asked by */
  askFor(item: Item): (() => Promise<CoverAnswer>) | undefined
  close(): Promise<void>
}

/** Those that the setting COVERS names, in its order; an LSP that has no covers is left out. */
export function coverSources(settings: Settings, choice: LspChoice): ItemCoverSource[] {
  return settings.covers.flatMap((name) => {
    if (name !== 'lsp') return [byIsbn(coverService(name, settings))]
    const address = lspAddress(settings)
    if (choice.kind !== 'lsp' || address === undefined) return []
    return choice.lsp.coverOf === undefined ? [] : [ofLsp(choice.lsp, address)]
  })
}

function byIsbn(source: CoverSource & { close(): Promise<void> }): ItemCoverSource {
  return {
    ...source,
    askFor(item) {
      const isbn = isbnOf(item.isbnIssn)
      return isbn === '' ? undefined : () => source.ask(isbn13(isbn))
    },
  }
}

/** What keeps the LSP from answering, as it is said of services of covers. */
function troubleOf(why: LspTrouble): CoverTrouble {
  return why === 'busy' || why === 'resting' ? 'refused' : why
}

/** The LSP says where its picture is; no address but on the LSP itself is believed. */
function ofLsp(lsp: Lsp, address: URL): ItemCoverSource {
  const { ask, close } = outgoing({ named: [address] })

  async function askLsp(item: Item): Promise<CoverAnswer> {
    const cover = await lsp.coverOf?.(item)
    if (cover === undefined || cover.kind === 'none') return NONE
    if (cover.kind === 'not-permitted') return unreachable('refused')
    if (cover.kind === 'unreachable') return unreachable(troubleOf(cover.why))
    const { url } = cover
    return url.origin === address.origin ? pictureIn(await ask({ url })) : unreachable('forbidden')
  }

  return {
    name: lsp.name,
    askFor: (item) => (item.itemId === '' ? undefined : () => askLsp(item)),
    close,
  }
}
