import { spawn } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { SSO_SECRET, writeEdge } from '../../support/edge-files.ts'
import { against, alone } from './cached.ts'
import { imageOf, type Tile } from './library.ts'
import { checkAll, type Loaded, load } from './load.ts'
import { median, type Result, round, spreadOf } from './results.ts'
import {
  answering,
  type Contestant,
  cpuUsOf,
  familyOf,
  LOAD_CORE,
  PORTS,
  SERVER_CORE,
  startCarrel,
  startPlain,
  stopped,
} from './servers.ts'

/**
 * An edge as deploy/edge makes it against nginx with no check. Carrel, which has another machine, is
 * on the other core, with the load.
 */
export async function edgeTiles(
  folder: string,
  root: string,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Result[]> {
  const plain = await startPlain(folder)
  const carrel = await startCarrel(folder, { cores: LOAD_CORE })
  const edge = await startEdge(folder)
  try {
    const lengthOf = (tile: Tile) => statSync(join(root, 'iiif', imageOf(tile), tile.target)).size
    for (const contestant of [plain, edge]) await checkAll(contestant, lengthOf)
    const seen: { plain: Loaded[]; edge: Loaded[]; carrelUs: number[] } = {
      plain: [],
      edge: [],
      carrelUs: [],
    }
    for (let round = -1; round < rounds; round++) {
      const ceiling = await load(plain, folder, { seconds })
      const before = carrel.cpuUs()
      const loaded = await load(edge, folder, { seconds })
      const carrelUs = (carrel.cpuUs() - before) / (loaded.perSecond * seconds)
      // The first round warms everybody up.
      if (round < 0) continue
      seen.plain.push(ceiling)
      seen.edge.push(loaded)
      seen.carrelUs.push(carrelUs)
    }
    return [
      against('edge, warm, against nginx without a check', seen.edge, seen.plain, { atLeast: 0.7 }),
      processorTime(seen.edge, seen.plain),
      alone(plain, seen.plain),
      alone(edge, seen.edge),
      {
        name: 'edge: microseconds of processor time of Carrel for a tile',
        measured: `${round(median(seen.carrelUs))} us`,
        reference: '',
        figure: median(seen.carrelUs),
        target: undefined,
        spread: spreadOf(seen.carrelUs),
      },
    ]
  } finally {
    for (const contestant of [edge, carrel, plain]) await contestant.stop()
  }
}

/** Steadier than tiles a second when the machine does other work: the same limit, turned over. */
function processorTime(edge: readonly Loaded[], plain: readonly Loaded[]): Result {
  const ratios = edge.map(({ cpuUs }, n) => cpuUs / (plain[n]?.cpuUs ?? Number.NaN))
  const inUs = (all: readonly Loaded[]) => `${round(median(all.map(({ cpuUs }) => cpuUs)))} us`
  return {
    name: 'edge, warm, processor time of a tile against nginx without a check',
    measured: inUs(edge),
    reference: inUs(plain),
    figure: median(ratios),
    target: { atMost: 1.43 },
    spread: spreadOf(ratios),
  }
}

/** The edge alone: what Carrel spends is not counted as its own. */
async function startEdge(folder: string): Promise<Contestant> {
  const home = join(folder, 'edge')
  // In memory, as the edge's own folder for it is.
  const answers = `/dev/shm/carrel-bench-${process.pid}`
  const address = `http://127.0.0.1:${PORTS.edge}`
  writeEdge(home, {
    carrel: `127.0.0.1:${PORTS.carrel}`,
    sso: '127.0.0.1',
    changes: {
      'listen 8081': `listen 127.0.0.1:${PORTS.edge}`,
      '/run/carrel-edge': answers,
      'rate=40r/s': 'rate=1000000r/s',
      'burst=600': 'burst=1000000',
    },
  })
  const args = ['-c', SERVER_CORE, 'nginx', '-p', home, '-c', join(home, 'nginx.conf')]
  const child = spawn('taskset', [...args, '-e', join(home, 'log/error.log')], { stdio: 'inherit' })
  await answering(address)
  return {
    name: 'edge',
    address,
    header: 'X-Carrel-Name',
    also: { 'X-Carrel-Proxy': SSO_SECRET },
    tilePath: (item, page) => `/iiif/${item}/${page}/`,
    cpuUs: () => cpuUsOf(familyOf(child.pid ?? 0)),
    async stop() {
      await stopped(child)
      rmSync(answers, { recursive: true, force: true })
    },
  }
}
