import { once } from 'node:events'
import { statSync } from 'node:fs'
import { Agent, createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { startAnswering } from '../../../src/answering.ts'
import { openDb } from '../../../src/db/open.ts'
import { parseBarcode } from '../../../src/ids.ts'
import { access } from '../../../src/loans/access.ts'
import { SILENT } from '../../../src/log.ts'
import { loadSettings } from '../../../src/settings.ts'
import type { WebDeps } from '../../../src/web/context.ts'
import { identifyBy } from '../../../src/web/identity.ts'
import { cacheControlFor, IMAGE_ROUTE } from '../../../src/web/iiif.ts'
import { pageRead } from '../../../src/web/slowing.ts'
import { allTiles, imageOf, type Tile } from './library.ts'
import { checkAll, load } from './load.ts'
import { startNode } from './node-server.ts'
import { median, type Result, round, spreadOf } from './results.ts'
import { type Contestant, readerOf, startCarrel } from './servers.ts'

const BARE_PORT = 7014

/**
 * Where the processor time of a kept tile goes. The whole is a server's under load. The steps are
 * the functions that it calls, over its own database, manifests, images and real requests, one step
 * some ten thousand times on end: so each is better compiled and finds more in the processor's caches
 * than in the server, and the true cost is rather higher. What remains is Node's: reading and parsing
 * the request, writing the answer, and the operating system; a bare node:http shows how much.
 */
export async function tileSteps(
  folder: string,
  root: string,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Result[]> {
  const lengthOf = (tile: Tile) => statSync(join(root, 'iiif', imageOf(tile), tile.target)).size
  const server = await startCarrel(join(folder, 'steps'))
  const bare = await startBare(root)
  const whole: number[] = []
  const floor: number[] = []
  try {
    for (const contestant of [server, bare]) await checkAll(contestant, lengthOf)
    for (let turn = -1; turn < rounds; turn++) {
      const ours = await load(server, folder, { seconds })
      const bares = await load(bare, folder, { seconds })
      // The first round warms both up.
      if (turn < 0) continue
      whole.push(ours.cpuUs)
      floor.push(bares.cpuUs)
    }
  } finally {
    for (const contestant of [server, bare]) await contestant.stop()
  }
  const seen = await stepsOf(server, lengthOf, { rounds, times: 10_000 * seconds })
  const sum = [...seen.values()].reduce((all, us) => all + median(us), 0)
  const rest = whole.map((us) => us - sum)
  return [
    line('all of it, in a server under load', whole),
    ...[...seen].map(([step, us]) => line(step, us)),
    line('what remains: parse, write', rest),
    line('all of it, in a bare node:http that sends the same tiles', floor),
  ]
}

/** It keeps what it has read once. */
function startBare(root: string): Promise<Contestant> {
  const code = `
    const { readFileSync } = require('node:fs')
    const kept = new Map()
    require('node:http').createServer((q, s) => {
      if (!q.url.endsWith('.jpg')) return s.writeHead(404).end()
      const tile = kept.get(q.url) ?? readFileSync(${JSON.stringify(root)} + q.url)
      kept.set(q.url, tile)
      s.writeHead(200, { 'content-type': 'image/jpeg', 'content-length': tile.length }).end(tile)
    }).listen(${BARE_PORT}, '127.0.0.1')`
  const tilePath = (item: string, page: number) => `/iiif/${imageOf({ item, page })}/`
  return startNode({ name: 'bare node:http', port: BARE_PORT, tilePath }, code)
}

/** @returns microseconds of processor time for each step, by rounds */
async function stepsOf(
  server: Contestant & { readonly home: string },
  lengthOf: (tile: Tile) => number,
  { rounds, times }: { rounds: number; times: number },
): Promise<Map<string, number[]>> {
  const reading = loadSettings({ file: join(server.home, 'settings.ini') })
  if (reading.kind === 'faults') throw new Error(reading.faults.join(' '))
  const { settings } = reading
  const opening = openDb(settings.databaseFile)
  if (opening.kind === 'refused') throw new Error(opening.reason)
  const parts = { settings, db: opening.db, log: SILENT, clock: Date, monotonic }
  const { deps, close } = await startAnswering(parts)
  const requests = await askedOf(server)
  try {
    await checkAll(server, lengthOf)
    const steps = stepsOver(deps, requests.all)
    const seen = new Map(Object.keys(steps).map((name) => [name, [] as number[]]))
    for (let turn = -1; turn < rounds; turn++) {
      for (const [name, step] of Object.entries(steps)) {
        const us = timed(step, times, requests.all.length)
        if (turn >= 0) seen.get(name)?.push(us)
      }
    }
    return seen
  } finally {
    requests.close()
    await close()
    opening.db.$client.close()
  }
}

const monotonic = () => performance.now()

function timed(step: (n: number) => unknown, times: number, different: number): number {
  const before = process.cpuUsage()
  for (let n = 0; n < times; n++) {
    const answer = step(n % different)
    if (answer === undefined || answer === false) throw new Error('steps: a tile is refused')
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / times
}

/** The steps of src/web for a tile, each with what those before it have found out. */
function stepsOver(deps: WebDeps, requests: readonly IncomingMessage[]) {
  const { settings, clock, loans, manifests, tiles, pace, metrics, statistics } = deps
  const identify = identifyBy(settings)
  const patronOf = (request: IncomingMessage) => {
    const identity = identify(request)
    return identity.kind === 'somebody' ? identity.patron : undefined
  }
  const known = requests.map((request) => {
    const [, , item = '', number, ...segments] = (request.url ?? '').split('/')
    const barcode = parseBarcode(item)
    const patron = patronOf(request)
    const loan = barcode && patron && access(deps, barcode, patron)
    if (!barcode || !patron || !loan) throw new Error(`steps: no loan of ${item}`)
    const image = manifests.atHand(barcode, loan.manifestVersion)?.images[Number(number) - 1]
    if (image === undefined) throw new Error(`steps: no image ${number} of ${item}`)
    return { request, barcode, patron, loan, image, segments }
  })
  /** `step` for the nth tile. */
  const each =
    <Answer>(step: (tile: (typeof known)[number]) => Answer) =>
    (n: number) => {
      const tile = known[n]
      return tile && step(tile)
    }
  return {
    identity: each(({ request }) => patronOf(request)),
    loan: each(({ barcode, patron }) => access({ loans, clock }, barcode, patron)),
    'image of the item': each(
      ({ barcode, loan, image }) =>
        manifests.atHand(barcode, loan.manifestVersion)?.images[image.number - 1],
    ),
    'rate limit': each(({ loan, image, segments }) =>
      pace.pass(loan.id, pageRead(image.number, segments)),
    ),
    cache: each(({ barcode, loan, image, segments }) =>
      tiles.hit({ barcode, version: loan.manifestVersion, image }, segments),
    ),
    'time to keep it': each(({ loan }) => cacheControlFor(loan.dueAt, clock.now())),
    'counts and metrics': each(({ barcode }) => {
      const started = performance.now()
      statistics.pageRequests.count(barcode)
      metrics.kept(IMAGE_ROUTE, 200, (performance.now() - started) / 1000)
      return true
    }),
  }
}

/** A real request for every tile, as Node has read it from a connection that stays open. */
async function askedOf({ tilePath, header }: Contestant) {
  const all: IncomingMessage[] = []
  const server = createServer((request, answer) => {
    all.push(request)
    answer.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const { port } = server.address() as AddressInfo
  for (const { item, page, target } of allTiles()) {
    const path = tilePath(item, page) + target
    const headers = { [header]: readerOf(item) }
    const asked = get({ port, host: '127.0.0.1', agent, path, headers })
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    await once(answer.resume(), 'end')
  }
  return {
    all,
    close() {
      agent.destroy()
      server.close()
    },
  }
}

function line(step: string, us: readonly number[]): Result {
  return {
    name: `kept tile, microseconds of processor time: ${step}`,
    measured: `${round(median(us))} us`,
    reference: '',
    figure: median(us),
    target: undefined,
    spread: spreadOf(us),
  }
}
