import { Pool } from 'undici'
import type { Tile } from './library.ts'
import { type Contestant, readerOf } from './servers.ts'

/** One answer: when its first byte and its last were there, in milliseconds from the question. */
export interface Asked {
  readonly firstMs: number
  readonly wholeMs: number
  readonly status: number
  readonly bytes: number
}

/** A reader's way to a server: so many connections, kept open, as a browser does. */
export function connect(address: string, connections: number) {
  const pool = new Pool(address, { connections })

  async function ask(path: string, headers: Readonly<Record<string, string>>): Promise<Asked> {
    const began = performance.now()
    const { statusCode, body } = await pool.request({ method: 'GET', path, headers })
    let firstMs = 0
    let bytes = 0
    for await (const part of body as AsyncIterable<Buffer>) {
      if (bytes === 0) firstMs = performance.now() - began
      bytes += part.length
    }
    return { firstMs, wholeMs: performance.now() - began, status: statusCode, bytes }
  }

  return {
    ask,
    tile: (contestant: Contestant, tile: Tile) =>
      ask(contestant.tilePath(tile.item, tile.page) + tile.target, {
        [contestant.header]: readerOf(tile.item),
      }),
    close: () => pool.destroy(),
  }
}
