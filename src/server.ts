import type { Server } from 'node:http'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createAdaptorServer } from '@hono/node-server'
import { createApp } from './app.ts'
import { auditIn } from './audit/audit.ts'
import { type Clock, MINUTE, SECOND } from './clock.ts'
import { giveUp, openDbForServerOrExit, requireNode24, settingsOrExit } from './command.ts'
import type { Db } from './db/open.ts'
import { writersTurn } from './db/turn.ts'
import { samplePeople } from './demonstration/people.ts'
import { prepareDemonstration } from './demonstration/prepare.ts'
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
import { createSweep } from './loans/sweep.ts'
import { createLog, type DayKeys, type Log, patronHash } from './log.ts'
import { chooseLsp } from './lsp/choose.ts'
import type { LspChoice } from './lsp/lsp.ts'
import { manifestStoreFor } from './manifests/store.ts'
import { createMetrics, type Numbers } from './metrics.ts'
import { openPostOffice } from './notices/post-office.ts'
import { peopleIn } from './people/people.ts'
import { holdScans } from './scans/hold.ts'
import type { Settings } from './settings.ts'
import { stopOnSignals } from './signals.ts'
import { localSource } from './sources/local.ts'
import { type RemoteOptions, remoteSource } from './sources/remote.ts'
import { rested } from './sources/rested.ts'
import type { Source } from './sources/source.ts'
import type { DiskCache } from './tiles/disk-cache.ts'
import { diskCacheFor, mayBeReadNow } from './tiles/disk-use.ts'
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
import { startWithWorkers } from './workers/main.ts'

const ROOT = join(import.meta.dirname, '..')
const TEMPLATES = join(ROOT, 'templates')
const SWEEP_EVERY_MS = 20 * SECOND

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

export interface RunningServer {
  /** Where it listens: a URL, or the path of a Unix socket. */
  readonly address: string
  /** All that it answers: method and path, as the router has them. */
  readonly routes: readonly { readonly method: string; readonly path: string }[]
  /** One round of tidying, as the timer does it. */
  sweep(): Promise<void>
  /** Sends the mail that is due, as the timer does it. */
  deliver(): Promise<void>
  /** Stops listening, lets running answers finish for up to 10 s, closes the database. */
  stop(): Promise<void>
}

/** Builds everything once, listens, and keeps the sweep going. */
export async function startServer(parts: ServerParts): Promise<RunningServer> {
  const { settings, db, log } = parts
  const { inFull } = wordsIn(settings.timeZone)
  const post = await openPostOffice({ ...parts, templates: TEMPLATES, inFull })
  const { deps, disk, address, routes, close } = await startAnswering(parts, post?.onLoan)
  if (settings.demonstration) await prepareDemonstration(deps)
  const { reloanWaitMs } = deps.lending
  const { totals } = deps.statistics
  const tidy = createSweep({ ...deps, totals, reloanWaitMs, monotonic: parts.monotonic })
  const sweep = async () => {
    await tidy()
    deps.health.swept()
    await disk?.tidy(mayBeReadNow(deps))
  }
  await sweep()
  const timer = setInterval(() => {
    sweep().catch((err) => log.error({ err }, 'sweep.fault'))
    post?.deliverSoon()
  }, SWEEP_EVERY_MS)
  for (const key of settings.ignored) log.info({ key }, 'setting.ignored')
  return {
    address,
    routes,
    sweep,
    deliver: async () => post?.deliver(),
    async stop() {
      clearInterval(timer)
      await Promise.all([close(), deps.covers.stop()])
      await post?.stop()
      db.$client.close()
    },
  }
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

async function main(): Promise<void> {
  requireNode24()
  const { values } = parseArgs({ options: { settings: { type: 'string' } } })
  const settings = settingsOrExit(values.settings)
  const log = createLog({ verbose: settings.runMode === 'verbose' })
  const db = await openDbForServerOrExit(settings)
  const parts = { settings, db, log, clock: Date, monotonic: () => performance.now() }
  const server =
    settings.workers === 1
      ? await startServer(parts)
      : await startWithWorkers({
          ...parts,
          startMain: (more) => startServer({ ...parts, ...more }),
          hopeless: () => void end(1),
        })
  // Before it says that it listens: whoever reads that may send a signal at once.
  const end = stopOnSignals(server.stop, log)
  console.log(
    settings.demonstration
      ? `Carrel's demonstration: ${server.address}`
      : `Carrel listens on ${server.address}`,
  )
}

if (process.argv[1] === import.meta.filename) {
  main().catch((fault: Error) => giveUp([fault.message]))
}
