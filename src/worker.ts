import { startAnswering } from './answering.ts'
import { SECOND } from './clock.ts'
import { openDb } from './db/open.ts'
import { keepHeapSmall } from './heap.ts'
import { leasedPace } from './loans/leased-pace.ts'
import { pageRequests } from './loans/page-requests.ts'
import { createLog } from './log.ts'
import { stopOnSignals } from './signals.ts'
import { passOnTo } from './web/pass-on.ts'
import { type LinkHandlers, linkToMain, sentRequests } from './workers/link.ts'

/** One of several processes that answer readers (the setting WORKERS); the main process starts it. */

const FLUSH_EVERY_MS = SECOND

async function main(): Promise<void> {
  const ready = Promise.withResolvers<LinkHandlers>()
  const link = await linkToMain(ready.promise)
  try {
    ready.resolve(await start(link))
  } catch (fault) {
    const { message } = fault as Error
    process.send?.({ kind: 'cannot-start', reason: message }, () => process.exit(1))
  }
}

async function start(link: Awaited<ReturnType<typeof linkToMain>>): Promise<LinkHandlers> {
  const { settings, door } = link.begin
  const log = createLog({ verbose: settings.runMode === 'verbose' })
  const opening = openDb(settings.databaseFile)
  if (opening.kind === 'refused') throw new Error(opening.reason)
  const { db } = opening
  const monotonic = () => performance.now()
  const main = passOnTo(door)
  const sent = sentRequests()
  const { deps, address, close } = await startAnswering({
    settings,
    db,
    log,
    clock: Date,
    monotonic,
    shared: {
      pace: leasedPace(link.lease, monotonic),
      pageRequests: { ...pageRequests(Date), count: sent.count },
      dayKeys: link.keys,
      passOn: main.passOn,
    },
  })
  const timer = setInterval(() => sent.flush(link), FLUSH_EVERY_MS)
  const end = stopOnSignals(async () => {
    clearInterval(timer)
    await close()
    sent.flush(link)
    await main.close()
    db.$client.close()
  }, log)
  keepHeapSmall()
  link.tell({ kind: 'listens', address })
  return { numbers: deps.metrics.numbers, stop: () => void end(0) }
}

await main()
