import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { imageBases } from '../../../src/manifests/bases.ts'
import { readManifest } from '../../../src/manifests/read.ts'
import { rewriteManifest } from '../../../src/manifests/rewrite.ts'
import { connect } from './asking.ts'
import { manifestOf } from './library.ts'
import { loadOne } from './load.ts'
import { median, type Result, spreadOf } from './results.ts'
import { readerOf, startCarrel, UPSTREAM } from './servers.ts'

const SIZES: readonly [item: string, canvases: number, target: number][] = [
  ['bench1', 300, 30],
  ['bench2', 3_000, 15],
]

/** A manifest as readers get it, against reading and rewriting it for each request. */
export async function manifests(
  folder: string,
  _: string,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Result[]> {
  const pages = new Map(SIZES.map(([item, canvases]) => [item, canvases]))
  const carrel = await startCarrel(`${folder}/manifests-bench`, {
    manifests: (item) => manifestOf(UPSTREAM, item, pages.get(item) ?? 25),
  })
  try {
    const results = [await firstRewriting(carrel)]
    for (const [item, canvases, target] of SIZES) {
      const path = `/manifests/${item}`
      const headers = { REMOTE_USER: readerOf(item), 'Accept-Encoding': 'gzip, br' }
      const source = Buffer.from(JSON.stringify(manifestOf(UPSTREAM, item, canvases)))
      const ratios: number[] = []
      const rates: number[] = []
      const direct: number[] = []
      for (let round = 0; round < rounds; round++) {
        direct.push(rewritingRate(source, seconds))
        rates.push(
          (await loadOne(carrel, folder, { path, headers, seconds, connections: 4 })).perSecond,
        )
        ratios.push((rates.at(-1) ?? 0) / (direct.at(-1) ?? 1))
      }
      results.push({
        name: `manifest of ${canvases} canvases, against rewriting at each request`,
        measured: `${Math.round(median(rates))}/s`,
        reference: `${median(direct).toFixed(1)}/s`,
        figure: median(ratios),
        target: { atLeast: target },
        spread: spreadOf(ratios),
      })
    }
    return results
  } finally {
    await carrel.stop()
  }
}

/** What a server that rewrites at each request could do at most, in a process of its own. */
function rewritingRate(source: Buffer, seconds: number): number {
  const rules = { bases: imageBases([`${UPSTREAM}/iiif`]), largestView: 640 }
  const until = performance.now() + seconds * 1000
  let times = 0
  while (performance.now() < until) {
    const reading = readManifest(source, rules.bases, rules)
    if (reading.kind === 'invalid') throw new Error(reading.reason)
    JSON.stringify(
      rewriteManifest(reading.manifest, {
        manifestUrl: 'http://127.0.0.1/manifests/A',
        imageUrl: (number) => `http://127.0.0.1/iiif/A/${number}`,
        largestView: 640,
        allowedLinks: [],
      }),
    )
    times++
  }
  return times / seconds
}

/** How long others wait at most while a manifest of 3,000 canvases is read for the first time. */
async function firstRewriting(carrel: Awaited<ReturnType<typeof startCarrel>>): Promise<Result> {
  const reader = connect(carrel.address, 4)
  const waits: number[] = []
  for (let run = 0; run < 5; run++) {
    // Another label is another version, which nobody has read yet.
    const manifest = { ...manifestOf(UPSTREAM, 'bench3', 3_000), label: `run ${run}` }
    const file = join(carrel.home, 'manifests', 'bench3-manifest.json')
    writeFileSync(`${file}.new`, JSON.stringify(manifest))
    renameSync(`${file}.new`, file)
    const working = reader.ask('/item/bench3', { REMOTE_USER: 'somebody' })
    let isOver = false
    working.finally(() => {
      isOver = true
    })
    let longest = 0
    while (!isOver) longest = Math.max(longest, (await reader.ask('/healthz', {})).wholeMs)
    waits.push(longest)
  }
  await reader.close()
  return {
    name: 'longest wait of others while 3,000 canvases are read for the first time, ms',
    measured: '',
    reference: '',
    figure: median(waits),
    target: { atMost: 20 },
    spread: spreadOf(waits),
  }
}
