import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { conversion } from './conversion.ts'
import { deskPages } from './desk.ts'
import { cachedTiles } from './reading/cached.ts'
import { coldTiles } from './reading/cold.ts'
import { tilesOnDisk } from './reading/disk.ts'
import { edgeTiles } from './reading/edge.ts'
import { embeddedTiles } from './reading/embedded.ts'
import { firstPage } from './reading/first-page.ts'
import { makeTiles } from './reading/library.ts'
import { manifests } from './reading/manifests.ts'
import { memory } from './reading/memory.ts'
import { readers } from './reading/readers.ts'
import { isMissed, printed, type Result } from './reading/results.ts'
import { startUpstream, UPSTREAM } from './reading/servers.ts'
import { tileSteps } from './reading/steps.ts'
import { troubledImages } from './reading/troubled.ts'
import { manyCores } from './reading/workers.ts'
import { startUp } from './start.ts'

const HELP = `npm run bench [-- NAME ...] [-- --short]

Measures Carrel against nginx and prints a table; exits 1 when a target is missed by more than the
spread that was seen. Needs root (for a network of its own), nginx, wrk, taskset,
ip, vips and Chromium.

  NAME      only these: cached, steps, cold, disk, troubled, manifests, readers, memory,
            workers, edge, start, desk, first-page, conversion, embedded
  --short   few and short rounds, a smaller library for desk; exits 1 only when half of a target is
            missed

Making the library of 100,000 items for desk takes minutes, and memory takes ten.`

interface Size {
  readonly rounds: number
  /** Of a round. */
  readonly seconds: number
  /** In seconds, in which memory must not grow. */
  readonly longS: number
  /** Of the large library. */
  readonly items: number
}

const PARTS: Readonly<
  Record<string, (folder: string, root: string, size: Size) => Promise<Result[]>>
> = {
  cached: cachedTiles,
  steps: tileSteps,
  cold: coldTiles,
  disk: tilesOnDisk,
  troubled: troubledImages,
  manifests,
  readers,
  memory,
  edge: edgeTiles,
  start: startUp,
  desk: deskPages,
  workers: manyCores,
  'first-page': firstPage,
  conversion,
  embedded: embeddedTiles,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { short: { type: 'boolean' }, inside: { type: 'boolean' }, help: { type: 'boolean' } },
})
if (values.help) console.log(HELP)
else if (values.inside) process.exit(await measure())
else process.exit(inOwnNetwork())

/**
 * A loopback with an MTU of 65536 makes answers over 64 KB wait for 10 to 40 ms, which no real
 * network does: everything runs in a network namespace whose loopback has 1500.
 */
function inOwnNetwork(): number {
  const script = 'ip link set lo mtu 1500 up && exec taskset -c 1 "$@"'
  const again = [process.execPath, import.meta.filename, '--inside', ...process.argv.slice(2)]
  const { status } = spawnSync('unshare', ['-n', 'sh', '-c', script, 'sh', ...again], {
    stdio: 'inherit',
  })
  return status ?? 1
}

async function measure(): Promise<number> {
  const unknown = positionals.filter((name) => !(name in PARTS))
  if (unknown.length > 0) {
    console.error(`${unknown.join(', ')}: no such part. See --help.`)
    return 2
  }
  const slack = values.short ? 2 : 1
  const size = values.short
    ? { rounds: 3, seconds: 1, longS: 20, items: 10_000 }
    : { rounds: 5, seconds: 3, longS: 600, items: 100_000 }
  // The tiles are the same each time, so they are made once.
  const root = join(tmpdir(), 'carrel-bench-tiles')
  mkdirSync(root, { recursive: true })
  const folder = mkdtempSync(join(tmpdir(), 'carrel-bench-'))
  await makeTiles(root, UPSTREAM)
  const upstream = await startUpstream(folder, root)
  try {
    const results: Result[] = []
    let isWhole = true
    for (const [name, part] of Object.entries(PARTS)) {
      if (positionals.length > 0 && !positionals.includes(name)) continue
      try {
        results.push(...(await part(folder, root, size)))
      } catch (fault) {
        // What the other parts took minutes to measure is worth telling.
        console.error(`${name} could not be measured:`, fault)
        isWhole = false
      }
    }
    console.log(printed(results, slack))
    return isWhole && !results.some((result) => isMissed(result, slack)) ? 0 : 1
  } finally {
    await upstream.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
