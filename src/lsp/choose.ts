import type { Log } from '../log.ts'
import type { Ask } from '../outgoing.ts'
import { outgoing } from '../outgoing.ts'
import type { Settings } from '../settings.ts'
import { alma } from './alma.ts'
import { folio } from './folio.ts'
import { koha } from './koha.ts'
import type { Lsp, LspChoice } from './lsp.ts'
import { LONGEST_MS, rested } from './rested.ts'
import { sru } from './sru.ts'
import { tind } from './tind.ts'

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
  readonly name: string
  /** Where it is, by the settings. */
  readonly address: (settings: Settings) => string
  readonly make?: MakeLsp
}

const PLATFORMS: Readonly<Record<LspType, Platform>> = {
  folio: { name: 'FOLIO', address: ({ folioOkapiUrl }) => folioOkapiUrl, make: folio },
  tind: { name: 'TIND', address: ({ tindServerUrl }) => tindServerUrl, make: tind },
  koha: { name: 'Koha', address: ({ kohaUrl }) => kohaUrl, make: koha },
  alma: { name: 'Alma', address: ({ almaUrl }) => almaUrl, make: alma },
  sru: { name: 'the catalogue', address: ({ sruUrl }) => sruUrl, make: sru },
}

/** The platform that LSP_TYPE names. */
export function chooseLsp({
  settings,
  log,
  monotonic,
  longestMs = LONGEST_MS,
}: LspParts): LspChoice {
  const { lspType } = settings
  if (lspType === 'unconfigured' || lspType === 'none') return { kind: 'manual' }
  const { name, address, make } = PLATFORMS[lspType]
  if (make === undefined) return { kind: 'no-adapter', name }
  const { ask } = outgoing({ named: [new URL(address(settings))], wholeMs: longestMs })
  const lsp = make(settings, ask, monotonic)
  return { kind: 'lsp', lsp: rested(lsp, { log, monotonic, longestMs }) }
}
