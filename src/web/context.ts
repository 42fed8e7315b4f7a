import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Context } from 'hono'
import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import type { Health } from '../health.ts'
import type { PatronId } from '../ids.ts'
import type { BarcodeChangeDeps } from '../items/change-barcode.ts'
import type { CoverSearch } from '../items/cover-search.ts'
import type { Items } from '../items/items.ts'
import type { LendingDeps } from '../loans/borrow.ts'
import type { DeskQueries } from '../loans/desk-queries.ts'
import type { Downloads } from '../loans/downloads.ts'
import type { Pace } from '../loans/pace.ts'
import type { LoanQueries } from '../loans/queries.ts'
import type { Statistics } from '../loans/statistics.ts'
import type { Log, PatronHash } from '../log.ts'
import type { LspChoice } from '../lsp/lsp.ts'
import type { ManifestStore } from '../manifests/store.ts'
import type { Metrics } from '../metrics.ts'
import type { People, Role } from '../people/people.ts'
import type { Settings } from '../settings.ts'
import type { Tiles } from '../tiles/serve.ts'
import type { Asset } from './asset.ts'
import type { Logo } from './logo.ts'
import type { Handler } from './routes.ts'
import type { Texts } from './texts.ts'
import type { View } from './view.ts'
import type { ViewerFiles } from './viewer-files.ts'
import type { Words } from './words.ts'

/** Somebody who is signed in. */
export interface Visitor {
  readonly patron: PatronId
  readonly role: Role
}

/** What Hono passes along with a request. */
export interface WebEnv {
  Bindings: { incoming: IncomingMessage; outgoing: ServerResponse }
  Variables: {
    requestId: string
    /** Scheme, host and port as this browser sees them. */
    origin: string
    visitor: Visitor | undefined
    /** The main process answers it, counts it and logs it. */
    isPassedOn: boolean | undefined
  }
}

export type WebContext = Context<WebEnv>

/** Everything the web needs, built once by the server. */
export interface WebDeps {
  readonly settings: Settings
  readonly clock: Clock
  readonly log: Log
  readonly patronHash: PatronHash
  readonly health: Health
  readonly metrics: Metrics
  readonly people: Pick<People, 'role'>
  readonly items: Items
  readonly covers: CoverSearch
  readonly barcodeChanges: BarcodeChangeDeps
  readonly audit: Audit
  readonly lsp: LspChoice
  /** To be awaited before what may write: other processes write too. */
  readonly writersTurn: () => Promise<void>
  readonly loans: LoanQueries
  readonly desk: DeskQueries
  readonly downloads: Downloads
  readonly lending: LendingDeps
  readonly statistics: Statistics
  readonly manifests: ManifestStore
  readonly tiles: Tiles
  readonly pace: Pace
  readonly view: View
  readonly words: Words
  readonly texts: Texts
  readonly logo: Logo | undefined
  /** The library's colour as a style sheet. */
  readonly siteStyle: Asset | undefined
  readonly viewer: ViewerFiles
  readonly staticFiles: ReadonlyMap<string, Asset>
  /** In a process that only answers readers: hands all else to the main process. */
  readonly passOn: Handler | undefined
}
