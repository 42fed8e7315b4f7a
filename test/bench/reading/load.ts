import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { allTiles, type Tile } from './library.ts'
import { type Contestant, readerOf } from './servers.ts'

export interface Loaded {
  readonly perSecond: number
  /** Processor time of the server for one answer, in microseconds. */
  readonly cpuUs: number
  readonly p99Ms: number
}

const run = promisify(execFile)

/**
 * `wrk` on its own core asks for tiles in a random order, each as the reader who has it on loan.
 *
 * @param etags ask again for what the reader has: by target, for answers 304
 * @throws when any answer was not as it must be
 */
export async function load(
  contestant: Contestant,
  folder: string,
  options: Load & { etags?: ReadonlyMap<string, string> },
): Promise<Loaded> {
  return loadBy(contestant, folder, luaFor(contestant, options.etags), options)
}

/** The same for one address. */
export async function loadOne(
  contestant: Contestant,
  folder: string,
  options: Load & { path: string; headers: Readonly<Record<string, string>> },
): Promise<Loaded> {
  const headers = Object.entries(options.headers).map(([name, value]) => `["${name}"] = "${value}"`)
  const lua = `request = function() return wrk.format("GET", "${options.path}", { ${headers.join(', ')} }) end`
  return loadBy(contestant, folder, lua, options)
}

interface Load {
  readonly seconds: number
  readonly connections?: number
}

async function loadBy(
  contestant: Contestant,
  folder: string,
  lua: string,
  { seconds, connections = 32 }: Load,
): Promise<Loaded> {
  const script = join(folder, 'load.lua')
  writeFileSync(script, lua)
  const before = contestant.cpuUs()
  const args = ['-c', '1', 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency']
  const { stdout } = await run('taskset', [...args, '-s', script, contestant.address])
  const cpu = contestant.cpuUs() - before
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${contestant.name}:\n${stdout}`)
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1])
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    cpuUs: cpu / requests,
    p99Ms: inMs(/99%\s+([\d.]+)(us|ms|s)/.exec(stdout)),
  }
}

function luaFor(contestant: Contestant, etags: ReadonlyMap<string, string> | undefined): string {
  const requests = allTiles().map((tile) => {
    const path = contestant.tilePath(tile.item, tile.page) + tile.target
    const etag = etags?.get(path)
    const unchanged = etag === undefined ? '' : `, ["If-None-Match"] = ${JSON.stringify(etag)}`
    return `{ "${path}", { ["${contestant.header}"] = "${readerOf(tile.item)}"${unchanged} } }`
  })
  return `
    local tiles = { ${requests.join(',\n')} }
    local ready = {}
    math.randomseed(7)
    init = function()
      for i, tile in ipairs(tiles) do ready[i] = wrk.format("GET", tile[1], tile[2]) end
    end
    request = function() return ready[math.random(#ready)] end`
}

function inMs(found: RegExpExecArray | null): number {
  const value = Number(found?.[1])
  return found?.[2] === 'us' ? value / 1000 : found?.[2] === 's' ? value * 1000 : value
}

/**
 * Asks for every tile once, a few at a time, and checks status, type and length against the image
 * server's own file.
 *
 * @returns the ETag of each path
 */
export async function checkAll(
  contestant: Contestant,
  lengthOf: (tile: Tile) => number,
): Promise<Map<string, string>> {
  const etags = new Map<string, string>()
  for (const tile of allTiles()) {
    const path = contestant.tilePath(tile.item, tile.page) + tile.target
    const answer = await fetch(contestant.address + path, {
      headers: { [contestant.header]: readerOf(tile.item) },
    })
    const { byteLength } = await answer.arrayBuffer()
    const type = answer.headers.get('content-type')
    if (answer.status !== 200 || type !== 'image/jpeg' || byteLength !== lengthOf(tile)) {
      throw new Error(`${contestant.name} ${path}: ${answer.status} ${type} ${byteLength} bytes`)
    }
    etags.set(path, answer.headers.get('etag') ?? '')
  }
  return etags
}
