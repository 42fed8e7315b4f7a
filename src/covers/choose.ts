import { type Ask, outgoing } from '../outgoing.ts'
import type { Settings } from '../settings.ts'
import { contentCafe } from './content-cafe.ts'
import type { CoverSource } from './cover-source.ts'
import { googleBooks } from './google-books.ts'
import { openLibrary } from './open-library.ts'

/** The services that the setting COVERS may name, beside the LSP. */
export type CoverService = Exclude<Settings['covers'][number], 'lsp'>

interface Service {
  /** Where it is, by the settings. */
  readonly address: (settings: Settings) => string
  readonly make: (settings: Settings, ask: Ask) => CoverSource
}

const SERVICES: Readonly<Record<CoverService, Service>> = {
  contentcafe: {
    address: ({ contentCafeUrl }) => contentCafeUrl,
    make: ({ contentCafeUrl: url, contentCafeUser: user, contentCafePassword: password }, ask) =>
      contentCafe({ url, user, password }, ask),
  },
  openlibrary: {
    address: ({ openLibraryUrl }) => openLibraryUrl,
    make: ({ openLibraryUrl: url }, ask) => openLibrary({ url }, ask),
  },
  google: {
    address: ({ googleBooksUrl }) => googleBooksUrl,
    make: ({ googleBooksUrl: url }, ask) => googleBooks({ url }, ask),
  },
}

/** @returns the service, and `close`, which ends its connections */
export function coverService(
  name: CoverService,
  settings: Settings,
): CoverSource & { close(): Promise<void> } {
  const { address, make } = SERVICES[name]
  const { ask, close } = outgoing({ named: [new URL(address(settings))] })
  return { ...make(settings, ask), close }
}
