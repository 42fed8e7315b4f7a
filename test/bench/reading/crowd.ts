import { statSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { type Asked, connect } from './asking.ts'
import { allTiles, ITEMS, imageOf, PAGES } from './library.ts'
import { type Contestant, readerOf } from './servers.ts'

export const READERS_OF_ITEM = 50
/** As many connections as a browser opens to one host. */
const CONNECTIONS = 6
/** Above it the crowd's own waits would be taken for the server's. */
const MOST_OF_ITS_CORE = 0.7

/** How they read. */
export interface Habit {
  readonly everyMs: number
  readonly forMs: number
  /** Each opens the item before the first page, which takes its manifest. */
  readonly opens: boolean
  /** The same number makes them come at the same moments. */
  readonly seed: number
}

export interface Read {
  /** Milliseconds from the turn of a page until its info.json and all its tiles were there. */
  readonly turns: readonly number[]
  /** The same without each reader's first. */
  readonly laterTurns: readonly number[]
  /** Answers that were not as they must be. */
  readonly errors: number
  /** The part of its core that the crowd itself used. */
  readonly ownShare: number
  /** For so long, in milliseconds, it was at most too busy to see what had come. */
  readonly ownDelayMs: number
}

interface Reader {
  readonly item: string
  /** Of those who read this item. */
  readonly n: number
  ask(path: string): Promise<Asked>
  close(): void
}

export type Crowd = ReturnType<typeof crowdOf>

/** 200 readers, 50 of each item, who turn its pages one after the other. */
export function crowdOf(contestant: Contestant, root: string) {
  const readers = ITEMS.flatMap((item) =>
    Array.from({ length: READERS_OF_ITEM }, (_, n) => readerAt(contestant, item, n)),
  )
  const tilesOf = Map.groupBy(
    allTiles().map((tile) => ({
      ...tile,
      length: statSync(join(root, 'iiif', imageOf(tile), tile.target)).size,
    })),
    imageOf,
  )

  /**
   * @param quality as which the tiles are asked for
   * @returns how many of its answers were not as they must be
   */
  async function turn({ item, ask }: Reader, page: number, quality = 'default'): Promise<number> {
    const path = contestant.tilePath(item, page)
    const asked = await Promise.all([
      isGood(ask(`${path}info.json`)),
      ...(tilesOf.get(imageOf({ item, page })) ?? []).map(({ target, length }) =>
        isGood(ask(path + target.replace('default', quality)), length),
      ),
    ])
    return asked.filter((good) => !good).length
  }

  return {
    /** Somebody looks at every page of every item. */
    async readAll(quality?: string): Promise<void> {
      for (const item of ITEMS) {
        const reader = readerAt(contestant, item, 0)
        for (let page = 1; page <= PAGES; page++) {
          const errors = await turn(reader, page, quality)
          if (errors > 0) throw new Error(`${contestant.name}: ${errors} errors on ${item} ${page}`)
        }
        reader.close()
      }
    },

    /** All read together. @throws when the crowd itself was too slow to tell */
    async read({ everyMs, forMs, opens, seed }: Habit): Promise<Read> {
      const random = randomFrom(seed)
      const turns: number[] = []
      const laterTurns: number[] = []
      let errors = 0
      const own = watchOwnLoad()
      const until = performance.now() + forMs
      const reading = readers.map(async (reader) => {
        // They do not turn their pages all at once.
        let next = performance.now() + random() * everyMs
        for (let turned = 0; next < until; turned++) {
          await wait(Math.max(0, next - performance.now()))
          const began = performance.now()
          if (turned === 0 && opens && !(await isGood(reader.ask(`/manifests/${reader.item}`)))) {
            errors++
          }
          errors += await turn(reader, 1 + ((reader.n + turned) % PAGES))
          const took = performance.now() - began
          turns.push(took)
          if (turned > 0) laterTurns.push(took)
          next += everyMs
        }
      })
      await Promise.all(reading)
      return { turns, laterTurns, errors, ...own() }
    },

    close() {
      for (const reader of readers) reader.close()
    },
  }
}

function readerAt(contestant: Contestant, item: string, n: number): Reader {
  const line = connect(contestant.address, CONNECTIONS)
  const headers = { [contestant.header]: readerOf(item, n), 'Accept-Encoding': 'gzip, br' }
  return { item, n, ask: (path) => line.ask(path, headers), close: line.close }
}

async function isGood(asked: Promise<Asked>, length?: number): Promise<boolean> {
  const { status, bytes } = await asked.catch(() => ({ status: 0, bytes: 0 }))
  return status === 200 && (length === undefined ? bytes > 0 : bytes === length)
}

/** @returns ends the watch, and tells */
function watchOwnLoad(): () => Pick<Read, 'ownShare' | 'ownDelayMs'> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const cpu = process.cpuUsage()
  const began = performance.now()
  return () => {
    delay.disable()
    const { user, system } = process.cpuUsage(cpu)
    const ownShare = (user + system) / 1000 / (performance.now() - began)
    if (ownShare > MOST_OF_ITS_CORE) {
      throw new Error(`the readers themselves took ${ownShare.toFixed(2)} of their core`)
    }
    return { ownShare, ownDelayMs: delay.max / 1e6 }
  }
}

/** Numbers from 0 to 1, always the same ones for a seed (a linear congruential generator). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
