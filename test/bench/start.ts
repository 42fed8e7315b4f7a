import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openDb } from '../../src/db/open.ts'
import { NPM_START } from '../support/npm-start.ts'
import { makeHistory } from './history.ts'
import { median, type Result, round, spreadOf } from './reading/results.ts'
import { cpuUsOf, PORTS, stopped } from './reading/servers.ts'

const ITEMS = 10_000

/** From the command until the first answer, in a library of 10,000 items; the files were read before. */
export async function startUp(
  folder: string,
  _: string,
  { rounds }: { rounds: number },
): Promise<Result[]> {
  const home = join(folder, 'start')
  mkdirSync(home)
  const address = `http://127.0.0.1:${PORTS.start}`
  writeFileSync(
    join(home, 'settings.ini'),
    `[carrel]\nBASE_URL = ${address}\nPORT = ${PORTS.start}\n`,
  )
  const opening = openDb(join(home, 'data/carrel.db'))
  if (opening.kind === 'refused') throw new Error(opening.reason)
  makeHistory(opening.db, Date.now(), { items: ITEMS, loans: ITEMS })
  opening.db.$client.close()

  const seconds: number[] = []
  const cpuSeconds: number[] = []
  for (let n = -1; n < rounds; n++) {
    const began = performance.now()
    const child = spawn('env', NPM_START, {
      cwd: home,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    const answer = await fetch(`${address}/item/35047000000500`, {
      headers: { REMOTE_USER: 'ann' },
    })
    const text = await answer.text()
    const took = (performance.now() - began) / 1000
    if (answer.status !== 200 || !text.includes('part 500')) throw new Error(String(answer.status))
    // The first one reads the files.
    if (n >= 0) {
      seconds.push(took)
      cpuSeconds.push(cpuUsOf([child.pid ?? 0]) / 1e6)
    }
    child.stdout.resume()
    await stopped(child)
  }
  return [
    {
      name: 'start-up to the first answer, 10,000 items, seconds',
      measured: `${round(median(seconds))} s`,
      reference: '',
      figure: median(seconds),
      target: { atMost: 1 },
      spread: spreadOf(seconds),
    },
    {
      name: 'start-up to the first answer, seconds of processor time',
      measured: `${round(median(cpuSeconds))} s`,
      reference: '',
      figure: median(cpuSeconds),
      target: undefined,
      spread: spreadOf(cpuSeconds),
    },
  ]
}
