import type { Server } from 'node:http'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createAdaptorServer } from '@hono/node-server'
import { createApp } from './app.ts'
import { auditIn } from './audit/audit.ts'
import { type Clock, MINUTE, SECOND } from './clock.ts'
import { giveUp, openDbOrExit, requireNode24, settingsOrExit } from './command.ts'
import type { Db } from './db/open.ts'
import { prepareDemonstration } from './demonstration/prepare.ts'
import { itemsIn } from './items/items.ts'
import { drain, listen } from './listen.ts'
import { deskQueries } from './loans/desk-queries.ts'
import { loanQueries } from './loans/queries.ts'
import { createSweep } from './loans/sweep.ts'
import { createLog, type Log, patronHash } from './log.ts'
import { imageBases } from './manifests/bases.ts'
import { keptDirOf } from './manifests/kept.ts'
import { manifestStore } from './manifests/store.ts'
import { peopleIn } from './people/people.ts'
import type { Settings } from './settings.ts'
import { localSource } from './sources/local.ts'
import { remoteSource } from './sources/remote.ts'
import type { Source } from './sources/source.ts'
import { tilesFrom } from './tiles/serve.ts'
import type { WebDeps } from './web/context.ts'
import { staticFiles } from './web/static-files.ts'
import { createView } from './web/view.ts'
import { viewerFiles } from './web/viewer-files.ts'
import { wordsIn } from './web/words.ts'

const ROOT = join(import.meta.dirname, '..')
const SWEEP_EVERY_MS = 20 * SECOND

export interface ServerParts {
  readonly settings: Settings
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds that only run forward. */
  readonly monotonic: () => number
}

export interface RunningServer {
  /** Where it listens: a URL, or the path of a Unix socket. */
  readonly address: string
  /** One round of tidying, as the timer does it. */
  sweep(): Promise<void>
  /** Stops listening, lets running answers finish for up to 10 s, closes the database. */
  stop(): Promise<void>
}

/** Builds everything once, listens, and keeps the sweep going. */
export async function startServer(parts: ServerParts): Promise<RunningServer> {
  const { settings, db, log } = parts
  const remote = remoteSource()
  const deps = await build(parts, remote)
  if (settings.demonstration) await prepareDemonstration(deps)
  const { reloanWaitMs } = deps.lending
  const sweep = createSweep({ ...deps, reloanWaitMs, monotonic: parts.monotonic })
  await sweep()
  const timer = setInterval(
    () => sweep().catch((err) => log.error({ err }, 'sweep.fault')),
    SWEEP_EVERY_MS,
  )

  const server = createAdaptorServer({
    fetch: createApp(deps).fetch,
    serverOptions: {
      headersTimeout: 10 * SECOND,
      requestTimeout: 30 * SECOND,
      connectionsCheckingInterval: SECOND,
    },
  }) as Server
  const address = await listen(server, settings)
  for (const key of settings.ignored) log.info({ key }, 'setting.ignored')
  return {
    address,
    sweep,
    async stop() {
      clearInterval(timer)
      await drain(server)
      await remote.close()
      db.$client.close()
    },
  }
}

async function build({ settings, db, clock, log }: ServerParts, remote: Source): Promise<WebDeps> {
  const limits = { largestView: settings.largestView, largestTile: settings.largestTile }
  const loans = loanQueries(db)
  const manifests = manifestStore({
    manifestDir: settings.manifestDir,
    keptDir: keptDirOf(settings.databaseFile),
    bases: imageBases(settings.iiifBaseUrls),
    largestView: settings.largestView,
    allowedLinks: settings.allowedLinks,
    clock,
    log,
  })
  const tiles = tilesFrom({
    local: localSource({ imagesDir: settings.imagesDir }),
    remote,
    cacheBytes: settings.iiifCacheMb * 1024 * 1024,
    cacheImages: settings.iiifCacheImages || undefined,
    limits,
    log,
  })
  return {
    settings,
    clock,
    log,
    loans,
    manifests,
    tiles,
    patronHash: patronHash(clock, settings.logKey),
    people: peopleIn(db),
    items: itemsIn(db),
    audit: auditIn(db),
    desk: deskQueries(db),
    lending: { loans, manifests, clock, reloanWaitMs: settings.reloanWaitMinutes * MINUTE },
    view: createView(join(ROOT, 'templates')),
    words: wordsIn(settings.timeZone),
    viewer: await viewerFiles(),
    staticFiles: await staticFiles(join(ROOT, 'static')),
  }
}

async function main(): Promise<void> {
  requireNode24()
  const { values } = parseArgs({ options: { settings: { type: 'string' } } })
  const settings = settingsOrExit(values.settings)
  const log = createLog({ verbose: settings.runMode === 'verbose' })
  const db = openDbOrExit(settings)
  const server = await startServer({
    settings,
    db,
    log,
    clock: Date,
    monotonic: () => performance.now(),
  })
  console.log(
    settings.demonstration
      ? `Carrel's demonstration: ${server.address}`
      : `Carrel listens on ${server.address}`,
  )
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, async () => {
      if (stopping) process.exit(1)
      stopping = true
      await server.stop()
      process.exit(0)
    })
  }
}

if (process.argv[1] === import.meta.filename) {
  main().catch((fault: Error) => giveUp([fault.message]))
}
