import type { Log } from '../log.ts'
import type { Ask } from '../outgoing.ts'
import { outgoing } from '../outgoing.ts'
import type { Settings } from '../settings.ts'
import type { Lsp, LspChoice } from './lsp.ts'
import { rested } from './rested.ts'

type LspType = Exclude<Settings['lspType'], 'unconfigured' | 'none'>

/** What an adapter is made of: its settings, and the one way out of the house. */
export type MakeLsp = (settings: Settings, ask: Ask) => Lsp

interface Platform {
  readonly name: string
  /** Where it is, by the settings. */
  readonly address: (settings: Settings) => string
  readonly make?: MakeLsp
}

const PLATFORMS: Readonly<Record<LspType, Platform>> = {
  folio: { name: 'FOLIO', address: ({ folioOkapiUrl }) => folioOkapiUrl },
  tind: { name: 'TIND', address: ({ tindServerUrl }) => tindServerUrl },
  koha: { name: 'Koha', address: ({ kohaUrl }) => kohaUrl },
  alma: { name: 'Alma', address: ({ almaUrl }) => almaUrl },
  sru: { name: 'the catalogue', address: ({ sruUrl }) => sruUrl },
}

/** Where the platform is that LSP_TYPE names; undefined when it names none. */
export function lspAddress(settings: Settings): URL | undefined {
  const { lspType } = settings
  if (lspType === 'unconfigured' || lspType === 'none') return undefined
  return new URL(PLATFORMS[lspType].address(settings))
}

/**
 * The platform that LSP_TYPE names.
 *
 * @param monotonic milliseconds on a clock that nobody sets
 */
export function chooseLsp(settings: Settings, log: Log, monotonic: () => number): LspChoice {
  const { lspType } = settings
  if (lspType === 'unconfigured' || lspType === 'none') return { kind: 'manual' }
  const { name, address, make } = PLATFORMS[lspType]
  if (make === undefined) return { kind: 'no-adapter', name }
  const { ask } = outgoing({ named: [new URL(address(settings))] })
  return { kind: 'lsp', lsp: rested(make(settings, ask), log, monotonic) }
}
