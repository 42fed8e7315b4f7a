import { parseArgs } from 'node:util'
import { type ServerParts, startAnswering, TEMPLATES } from './answering.ts'
import { SECOND } from './clock.ts'
import { giveUp, openDbForServerOrExit, requireNode24, settingsOrExit } from './command.ts'
import { prepareDemonstration } from './demonstration/prepare.ts'
import { keepHeapSmall } from './heap.ts'
import { createSweep } from './loans/sweep.ts'
import { createLog } from './log.ts'
import { openPostOffice } from './notices/post-office.ts'
import { stopOnSignals } from './signals.ts'
import { mayBeReadNow } from './tiles/disk/use.ts'
import { wordsIn } from './web/words.ts'
import { startWithWorkers } from './workers/main.ts'

const SWEEP_EVERY_MS = 20 * SECOND

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

/** Answers, and keeps the sweep and the mail going. */
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
  keepHeapSmall()
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
