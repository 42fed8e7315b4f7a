import type { Log } from '../log.ts'
import type { Ask } from '../outgoing.ts'
import { outgoing } from '../outgoing.ts'
import type { Settings } from '../settings.ts'
import type { Lsp, LspChoice } from './lsp.ts'
import { LONGEST_MS, rested } from './rested.ts'

type LspType = Exclude<Settings['lspType'], 'unconfigured' | 'none'>

/**
 * What an adapter is made of: its settings, the one way out of the house, and milliseconds on a
 * clock that nobody sets, for tokens that end.
 */
export type MakeLsp = (settings: Settings, ask: Ask, monotonic: () => number) => Lsp

export interface LspParts {
  readonly settings: Settings
  readonly log: Log
  /** Milliseconds on a clock that nobody sets. */
  readonly monotonic: () => number
  /** How long an answer may take. */
  readonly longestMs?: number
}

interface Platform {
  /** Where it is, by the settings. */
  readonly address: (settings: Settings) => string
  /** Read by those who ask it only: the libraries for MARC alone are a tenth of a start. */
  readonly load: () => Promise<MakeLsp>
}

const PLATFORMS: Readonly<Record<LspType, Platform>> = {
  folio: {
    address: ({ folioOkapiUrl }) => folioOkapiUrl,
    load: async () => (await import('./folio.ts')).folio,
  },
  tind: {
    address: ({ tindServerUrl }) => tindServerUrl,
    load: async () => (await import('./tind.ts')).tind,
  },
  koha: { address: ({ kohaUrl }) => kohaUrl, load: async () => (await import('./koha.ts')).koha },
  alma: { address: ({ almaUrl }) => almaUrl, load: async () => (await import('./alma.ts')).alma },
  sru: { address: ({ sruUrl }) => sruUrl, load: async () => (await import('./sru.ts')).sru },
}

/** Where the platform is that LSP_TYPE names; undefined when it names none. */
export function lspAddress(settings: Settings): URL | undefined {
  const { lspType } = settings
  if (lspType === 'unconfigured' || lspType === 'none') return undefined
  return new URL(PLATFORMS[lspType].address(settings))
}

/** The platform that LSP_TYPE names. */
export async function chooseLsp({
  settings,
  log,
  monotonic,
  longestMs = LONGEST_MS,
}: LspParts): Promise<LspChoice> {
  const { lspType } = settings
  if (lspType === 'unconfigured' || lspType === 'none') return { kind: 'manual' }
  const { address, load } = PLATFORMS[lspType]
  const { ask } = outgoing({ named: [new URL(address(settings))], wholeMs: longestMs })
  const make = await load()
  const lsp = make(settings, ask, monotonic)
  return { kind: 'lsp', lsp: rested(lsp, { log, monotonic, longestMs }) }
}
