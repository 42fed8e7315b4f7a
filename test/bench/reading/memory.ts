import { setTimeout as wait } from 'node:timers/promises'
import { crowdOf, READERS_OF_ITEM } from './crowd.ts'
import { median, type Result, round, spreadOf } from './results.ts'
import { type Contestant, startCarrel } from './servers.ts'

const TOKEN = 'token-of-the-bench'
/** Less than the tiles weigh, so that they come and go all the time. */
const CACHE_MB = 128
const TURN_MS = 5_000
const MIB = 1024 * 1024

/**
 * The server's memory while 200 readers read more than it can keep: against the images that it
 * keeps, and whether it grows.
 */
export async function memory(
  folder: string,
  root: string,
  { longS }: { longS: number },
): Promise<Result[]> {
  const carrel = await startCarrel(`${folder}/memory`, {
    readers: READERS_OF_ITEM,
    ini: `IIIF_CACHE_MB = ${CACHE_MB}\nMETRICS_TOKEN = ${TOKEN}`,
  })
  const crowd = crowdOf(carrel, root)
  try {
    // Twice as much as it keeps.
    for (const quality of ['color', 'default'] as const) await crowd.readAll(quality)
    const samples: number[] = []
    const reading = crowd.read({ everyMs: TURN_MS, forMs: longS * 1_000, opens: true, seed: 1 })
    for (let second = 0; second < longS; second++) {
      await wait(1_000)
      samples.push(carrel.memory() / MIB)
    }
    const { errors } = await reading
    const kept = (await keptBytes(carrel)) / MIB
    const most = Math.max(...samples)
    return [
      {
        name: `memory at most, MB, 200 readers for ${longS} s, more tiles than are kept`,
        measured: `${round(most)} MB`,
        reference: `${round(kept)} MB of images kept`,
        figure: most,
        target: { atMost: Math.round(1.25 * kept + 150) },
        spread: 0,
      },
      growth(samples),
      {
        name: 'errors meanwhile',
        measured: `${errors}`,
        reference: '',
        figure: errors,
        target: { atMost: 0 },
        spread: 0,
      },
    ]
  } finally {
    crowd.close()
    await carrel.stop()
  }
}

/**
 * From the second tenth of the time to the last. What collections of garbage leave behind differs
 * by some per cent from minute to minute; a hundred bytes lost with each answer would be more.
 */
function growth(samples: readonly number[]): Result {
  const tenth = Math.ceil(samples.length / 10)
  const early = samples.slice(tenth, 2 * tenth)
  const late = samples.slice(-tenth)
  return {
    name: 'memory at the end of that, against that after a tenth of it',
    measured: `${round(median(late))} MB`,
    reference: `${round(median(early))} MB`,
    figure: median(late) / median(early),
    target: { atMost: 1.05 },
    spread: spreadOf(late),
  }
}

async function keptBytes({ address }: Contestant): Promise<number> {
  const answer = await fetch(`${address}/metrics`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  })
  const found = /^carrel_tile_cache_bytes(?:\{.*\})? (\d+)/m.exec(await answer.text())
  if (found === null) throw new Error(`no number of bytes in /metrics: ${answer.status}`)
  return Number(found[1])
}
