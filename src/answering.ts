import type { Server } from 'node:http'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { createApp } from './app.ts'
import { auditIn } from './audit/audit.ts'
import { type Clock, MINUTE } from './clock.ts'
import type { Db } from './db/open.ts'
import { writersTurn } from './db/turn.ts'
import { samplePeople } from './demonstration/people.ts'
import { watchHealth } from './health.ts'
import { settleBarcodeChanges } from './items/change-barcode.ts'
import { itemsIn } from './items/items.ts'
import { openCoverSearch } from './items/open-cover-search.ts'
import { BOUNDS, bound, listen, type Place } from './listen.ts'
import type { LendingDeps } from './loans/borrow.ts'
import { deskQueries } from './loans/desk-queries.ts'
import { downloadsIn } from './loans/downloads.ts'
import { createPace, type Pace, paceOf } from './loans/pace.ts'
import type { PageRequests } from './loans/page-requests.ts'
import { loanQueries } from './loans/queries.ts'
import { statisticsIn } from './loans/statistics.ts'
import { type DayKeys, type Log, patronHash } from './log.ts'
import { chooseLsp } from './lsp/choose.ts'
import type { LspChoice } from './lsp/lsp.ts'
import { manifestStoreFor } from './manifests/store.ts'
import { createMetrics, type Numbers } from './metrics.ts'
import { peopleIn } from './people/people.ts'
import { holdScans } from './scans/hold.ts'
import type { Settings } from './settings.ts'
import { localSource } from './sources/local.ts'
import { type RemoteOptions, remoteSource } from './sources/remote.ts'
import { rested } from './sources/rested.ts'
import type { Source } from './sources/source.ts'
import type { DiskCache } from './tiles/disk/cache.ts'
import { diskCacheFor } from './tiles/disk/use.ts'
import { type Mark, readMark } from './tiles/mark.ts'
import { tilesFrom } from './tiles/serve.ts'
import { watermarkWith } from './tiles/watermark.ts'
import { compressAhead, toAsset } from './web/asset.ts'
import { answerFirst } from './web/before-router.ts'
import type { WebDeps } from './web/context.ts'
import { createEdgeHits } from './web/edge.ts'
import { readLogo } from './web/logo.ts'
import { createQuickTiles } from './web/quick-tiles.ts'
import type { Handler } from './web/routes.ts'
import { siteStyle } from './web/site-style.ts'
import { staticFiles } from './web/static-files.ts'
import { textsIn } from './web/texts.ts'
import { createView } from './web/view.ts'
import { viewerFiles } from './web/viewer-files.ts'
import { refuseUnreadable, secureAnswers } from './web/wire.ts'
import { wordsIn } from './web/words.ts'

const ROOT = join(import.meta.dirname, '..')
export const TEMPLATES = join(ROOT, 'templates')

export interface ServerParts {
  readonly settings: Settings
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds that only run forward. */
  readonly monotonic: () => number
  /** Who is asked about items, instead of the one that the settings name. */
  readonly lsp?: LspChoice
  /** Times and sizes of requests to image servers, where they are not the usual ones. */
  readonly images?: Partial<RemoteOptions>
  /** The pause between two items for which covers are looked for in the background. */
  readonly coverPaceMs?: number
  /** Where to listen, instead of where the settings say. */
  readonly place?: Place
  readonly shared?: Shared
}

/** What one process has in common with the others of its site; one alone makes its own. */
export interface Shared {
  readonly pace: Pace
  readonly pageRequests: PageRequests
  readonly dayKeys: () => DayKeys
  /** The numbers of the other processes. */
  readonly numbers?: () => Promise<Numbers[]>
  /** Hands what is not for this process to the main one. */
  readonly passOn?: Handler
}

/**
 * Answers, and does nothing besides: all of a worker, and a part of the server.
 *
 * @param onLoan called in the transaction of each new loan
 */
export async function startAnswering(parts: ServerParts, onLoan?: LendingDeps['onLoan']) {
  const { settings, log } = parts
  const remote = remoteSource(parts.images)
  const mark = await readMark(settings)
  const disk = await diskCacheFor({ ...parts, mark })
  const deps = await build(parts, { remote, mark, disk }, onLoan)
  if (deps.passOn === undefined) {
    await settleBarcodeChanges(deps.barcodeChanges).catch((err) =>
      log.error({ err }, 'barcode-change.fault'),
    )
  }
  const app = createApp(deps)
  const server = createAdaptorServer({
    fetch: app.fetch,
    // Without a Host the site refuses it itself, with its own headers.
    serverOptions: { ...BOUNDS, requireHostHeader: false },
  }) as Server
  const drain = bound(server)
  secureAnswers(server)
  // Each request is a line of a verbose log, and the demonstration has its own way of signing in.
  if (settings.runMode === 'normal' && !settings.demonstration) {
    answerFirst(server, createQuickTiles(deps))
    answerFirst(server, createEdgeHits(deps))
  }
  refuseUnreadable(server)
  const address = await listen(server, parts.place ?? settings)
  compressAhead([...deps.staticFiles.values(), ...deps.viewer.files.values()]).catch((err) =>
    log.error({ err }, 'files.fault'),
  )
  return {
    deps,
    disk,
    address,
    routes: app.routes,
    /** Lets running answers finish for up to 10 s. */
    async close() {
      await drain()
      await remote.close()
      await disk?.close()
    },
  }
}

interface Images {
  readonly remote: Source
  readonly mark: Mark | undefined
  readonly disk: DiskCache | undefined
}

async function build(
  parts: ServerParts,
  { remote, mark, disk }: Images,
  onLoan: LendingDeps['onLoan'],
): Promise<WebDeps> {
  const { settings, db, clock, log, monotonic, shared } = parts
  const lsp = parts.lsp ?? (await chooseLsp({ settings, log, monotonic }))
  const limits = { largestView: settings.largestView, largestTile: settings.largestTile }
  const loans = loanQueries(db)
  const manifests = manifestStoreFor(settings, clock, log)
  const tiles = tilesFrom({
    disk,
    watermark: mark && watermarkWith(mark),
    local: localSource({ imagesDir: settings.imagesDir }),
    remote: rested(remote, { log, monotonic }),
    cacheBytes: settings.iiifCacheMb * 1024 * 1024,
    cacheImages: settings.iiifCacheImages || undefined,
    limits,
    log,
    monotonic,
  })
  const items = itemsIn(db)
  const audit = auditIn(db)
  return {
    settings,
    clock,
    log,
    health: watchHealth({ lastSeen: loans.lastSeen, clock, monotonic }),
    metrics: createMetrics(() => {
      const { bytes, images } = tiles.held()
      const openLoans = loans.openInAll(clock.now())
      return {
        items: items.count(),
        openLoans,
        tileCacheBytes: bytes,
        tileCacheImages: images,
        ...levelsOf(disk),
      }
    }, shared?.numbers),
    writersTurn: writersTurn(db),
    loans,
    manifests,
    tiles,
    pace: shared?.pace ?? createPace(paceOf(settings), monotonic),
    patronHash: patronHash(clock, settings.logKey, shared?.dayKeys),
    people: settings.demonstration ? samplePeople : peopleIn(db),
    items,
    covers: openCoverSearch({
      ...parts,
      lsp,
      items,
      isCoverUnwanted: audit.isCoverUnwanted,
      paceMs: parts.coverPaceMs,
    }),
    barcodeChanges: {
      db,
      clock,
      folders: settings,
      dueTimes: loans.dueTimes,
      holdScans: (barcode) => holdScans(settings, barcode),
    },
    audit,
    lsp,
    desk: deskQueries(db),
    downloads: downloadsIn(db),
    statistics: {
      ...statisticsIn(db, { clock, log, timeZone: settings.timeZone }),
      ...(shared && { pageRequests: shared.pageRequests }),
    },
    lending: {
      loans,
      manifests,
      clock,
      reloanWaitMs: settings.reloanWaitMinutes * MINUTE,
      ...(onLoan && { onLoan }),
    },
    view: createView(TEMPLATES),
    words: wordsIn(settings.timeZone),
    texts: textsIn(settings.textsDir, log),
    logo: settings.logoFile === undefined ? undefined : await readLogo(settings.logoFile),
    siteStyle:
      settings.accentColour === ''
        ? undefined
        : toAsset('text/css; charset=utf-8', Buffer.from(siteStyle(settings.accentColour))),
    viewer: await viewerFiles(),
    staticFiles: await staticFiles(join(ROOT, 'static')),
    passOn: shared?.passOn,
  }
}

function levelsOf(disk: DiskCache | undefined) {
  const { bytes, images, hits } = disk?.held() ?? { bytes: 0, images: 0, hits: 0 }
  return { diskCacheBytes: bytes, diskCacheImages: images, diskCacheHits: hits }
}
