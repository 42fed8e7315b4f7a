import { createServer, type Server } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import sharp from 'sharp'
import { connect } from './asking.ts'
import { manifestOf, PAGE } from './library.ts'
import { median, type Result, spreadOf } from './results.ts'
import { type Contestant, readerOf, startCarrel } from './servers.ts'

const PORT = 7010
const ADDRESS = `http://127.0.0.1:${PORT}`
const ITEM = 'bench1'
/** The image server takes this long before it sends, then sends in four parts. */
const RENDER_MS = 60
const PART_MS = 10

/** An image server that is slow, hangs or is down, as it is told to. */
interface Troubled {
  mood: 'slow' | 'hang' | '503'
  /** Targets of images that it was asked for. */
  readonly asked: string[]
  /** By target, when the first byte was sent. */
  readonly firstAt: Map<string, number>
  readonly server: Server
}

async function startTroubled(): Promise<Troubled> {
  const noise = { type: 'gaussian', mean: 160, sigma: 20 } as const
  const create = { width: 512, height: 512, channels: 3, background: '#fff', noise } as const
  const tile = await sharp({ create }).jpeg({ quality: 70 }).toBuffer()
  const troubled: Omit<Troubled, 'server'> = { mood: 'slow', asked: [], firstAt: new Map() }
  const server = createServer(async ({ url = '' }, answer) => {
    if (url.endsWith('/info.json')) {
      const id = `${ADDRESS}${url.replace('/info.json', '')}`
      const tiles = [{ width: 512, height: 512, scaleFactors: [1, 2, 4, 8] }]
      const profile = ['http://iiif.io/api/image/2/level2.json']
      answer.setHeader('content-type', 'application/json')
      return void answer.end(JSON.stringify({ '@id': id, ...PAGE, tiles, profile }))
    }
    troubled.asked.push(url)
    if (troubled.mood === 'hang') return
    if (troubled.mood === '503') return void answer.writeHead(503).end()
    await wait(RENDER_MS)
    answer.writeHead(200, { 'content-type': 'image/jpeg', 'content-length': tile.length })
    troubled.firstAt.set(url, performance.now())
    const part = Math.ceil(tile.length / 4)
    for (let at = 0; at < tile.length; at += part) {
      answer.write(tile.subarray(at, at + part))
      await wait(PART_MS)
    }
    answer.end()
  })
  await new Promise<void>((listening) => server.listen(PORT, '127.0.0.1', listening))
  return Object.assign(troubled, { server })
}

/** What one reader feels of cold tiles, of others on the same one, and of an image server's faults. */
export async function troubledImages(
  folder: string,
  _: string,
  { rounds }: { rounds: number },
): Promise<Result[]> {
  const images = await startTroubled()
  const carrel = await startCarrel(`${folder}/troubled`, {
    ini: `IIIF_BASE_URL = ${ADDRESS}/iiif`,
    manifests: (item) => manifestOf(ADDRESS, item),
  })
  const reader = connect(carrel.address, 60)
  let next = 0
  /** A tile that nobody asked for before. */
  const fresh = () =>
    `/iiif/${ITEM}/${1 + (next % 25)}/${8 * Math.floor(next++ / 25)},0,512,512/512,/0/default.jpg`
  const ask = (path: string) => reader.ask(path, { [carrel.header]: readerOf(ITEM) })
  try {
    await ask(fresh())
    const behind: number[] = []
    const together: number[] = []
    let mostAsked = 0
    for (let round = 0; round < rounds * 2; round++) {
      behind.push(await firstByteBehind(images, ask, fresh()))
      const alone = (await ask(fresh())).wholeMs
      const path = fresh()
      const before = images.asked.length
      const answers = await Promise.all(Array.from({ length: 50 }, () => ask(path)))
      together.push(median(answers.map(({ wholeMs }) => wholeMs)) / alone)
      mostAsked = Math.max(mostAsked, images.asked.length - before)
    }
    return [
      line('first byte of a cold tile behind that of the image server, ms', behind, { atMost: 10 }),
      line('50 readers on one cold tile, their wait against that of one', together, {
        atMost: 1.2,
      }),
      line('50 readers on one cold tile, requests to the image server', [mostAsked], { atMost: 1 }),
      ...(await faults(images, carrel, ask, fresh)),
    ]
  } finally {
    await reader.close()
    await carrel.stop()
    images.server.closeAllConnections()
    images.server.close()
  }
}

type AskPath = (path: string) => ReturnType<ReturnType<typeof connect>['ask']>

async function firstByteBehind(images: Troubled, ask: AskPath, path: string): Promise<number> {
  const began = performance.now()
  const { firstMs } = await ask(path)
  const sentAt = [...images.firstAt.values()].at(-1) ?? Number.NaN
  return began + firstMs - sentAt
}

/** A sixth reader's cached tile while five wait for an image server that hangs or is down. */
async function faults(
  images: Troubled,
  _: Contestant,
  ask: AskPath,
  fresh: () => string,
): Promise<Result[]> {
  const kept = fresh()
  await ask(kept)
  await ask(kept)
  const results: Result[] = []
  for (const mood of ['503', 'hang'] as const) {
    images.mood = mood
    const failing = Array.from({ length: 5 }, () => ask(fresh()).catch(() => undefined))
    const times: number[] = []
    for (let n = 0; n < 40; n++) {
      times.push((await ask(kept)).wholeMs)
      await wait(5)
    }
    results.push(
      line(`cached tile while the image server answers ${mood}, ms`, times, { atMost: 5 }),
    )
    if (mood === '503') await Promise.all(failing)
  }
  return results
}

function line(name: string, values: readonly number[], target: Result['target']): Result {
  const figure = median(values)
  return { name, measured: '', reference: '', figure, target, spread: spreadOf(values) || 0 }
}
