import type { Log } from './log.ts'

/**
 * Ends the process in good order. SIGTERM and SIGINT: stop, then 0; a second one: at once. Whatever
 * nobody caught: into the log, stop, then 1, so that what watches over the process starts it anew.
 * SIGHUP: nothing to do, for the site's texts are read anew whenever they change.
 *
 * @param stop lets running answers finish; is called once
 * @returns a function that ends it likewise, with this status, unless it is ending already
 */
export function stopOnSignals(
  stop: () => Promise<void>,
  log: Log,
): (code: number) => Promise<void> {
  let stopping = false
  let signalled = false

  async function end(code: number): Promise<void> {
    if (stopping) return
    stopping = true
    try {
      await stop()
    } catch (err) {
      log.error({ err }, 'process.fault')
      process.exit(1)
    }
    process.exit(code)
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (signalled) process.exit(1)
      signalled = true
      void end(0)
    })
  }
  process.on('SIGHUP', () => log.info({}, 'process.hangup'))
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (err: unknown) => {
      log.error({ err }, 'process.fault')
      if (stopping) process.exit(1)
      void end(1)
    })
  }
  return end
}
