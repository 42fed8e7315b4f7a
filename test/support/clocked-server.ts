import { createInterface } from 'node:readline'
import { openDbForServerOrExit, settingsOrExit } from '../../src/command.ts'
import { createLog } from '../../src/log.ts'
import { startServer } from '../../src/server.ts'
import { stopOnSignals } from '../../src/signals.ts'

/**
 * The server as a process of its own, whose clock is moved: `node clocked-server.ts MS` starts it
 * that many milliseconds off the true time, in a folder with settings.ini. Lines on standard input:
 * `clock MS` sets that anew, `sweep` and `deliver` do what the timers do, `crash` throws what nobody
 * catches. Each but the last is answered `ok`.
 */
let offMs = Number(process.argv[2])
const settings = settingsOrExit(undefined)
const log = createLog({ verbose: settings.runMode === 'verbose' })
const now = () => Date.now() + offMs
const server = await startServer({
  settings,
  db: await openDbForServerOrExit(settings),
  clock: { now },
  log,
  monotonic: now,
  coverPaceMs: 0,
})
stopOnSignals(server.stop, log)

createInterface({ input: process.stdin }).on('line', async (line) => {
  const [act, ms] = line.split(' ')
  if (act === 'crash') throw new Error('nobody caught it')
  if (act === 'clock') offMs = Number(ms)
  if (act === 'sweep') await server.sweep()
  if (act === 'deliver') await server.deliver()
  console.log('ok')
})
console.log('ok')
