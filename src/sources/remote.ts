import { Agent } from 'undici'
import { boundedGet, readWhole } from './bounded-get.ts'
import type { Ask, Taker } from './exchange.ts'
import { receiveImage } from './receive-image.ts'
import {
  badAnswer,
  type InfoAnswer,
  type PixelsAnswer,
  type Source,
  type SourceImage,
} from './source.ts'

export interface RemoteOptions {
  readonly connectMs: number
  readonly headersMs: number
  /** From the request to the last byte, waiting for a free connection included. */
  readonly wholeMs: number
  readonly largestImageBytes: number
  readonly largestInfoBytes: number
  /** So many requests to one image server at a time; the others wait their turn. */
  readonly connections: number
}

const USUAL: RemoteOptions = {
  connectMs: 3_000,
  headersMs: 10_000,
  wholeMs: 30_000,
  // A tile of 1024 px stays below 5 MB even as PNG: this leaves room and still bounds the memory.
  largestImageBytes: 32 * 1024 * 1024,
  // A long info.json has some 100 KB. What is larger than this is something else.
  largestInfoBytes: 4 * 1024 * 1024,
  connections: 32,
}

/**
 * Images from any IIIF Image API server.
 *
 * @returns a Source, and `close`, which waits for what is under way and closes the connections
 */
export function remoteSource(
  options: Partial<RemoteOptions> = {},
): Source & { close(): Promise<void> } {
  const set = { ...USUAL, ...options }
  const agent = new Agent({
    connect: { timeout: set.connectMs },
    headersTimeout: set.headersMs,
    bodyTimeout: set.wholeMs,
    connections: set.connections,
  })

  /** Asks, and what is wrong is the image server's fault: not that the caller went away. */
  const asking = (ask: Ask, signal: AbortSignal | undefined) => (taker: Taker) =>
    boundedGet(agent, ask, taker, { signal, wholeMs: set.wholeMs })

  return {
    async info(image, signal): Promise<InfoAnswer> {
      if (image.kind === 'plain') return { kind: 'not-found', detail: { reason: 'no service' } }
      const target = targetOf(image, 'info.json')
      if (target === undefined) return badAnswer('info', { reason: 'address' })
      const accept = 'application/ld+json, application/json'
      const got = await readWhole(asking({ ...target, accept, cap: set.largestInfoBytes }, signal))
      signal?.throwIfAborted()
      return got.kind === 'got' ? readJson(got.bytes, target.url.host) : got
    },
    async pixels(image, path, signal): Promise<PixelsAnswer> {
      const target = targetOf(image, path)
      if (target === undefined) return badAnswer('type', { reason: 'address' })
      const accept = 'image/jpeg, image/png, image/webp, image/gif'
      const get = asking({ ...target, accept, cap: set.largestImageBytes }, signal)
      return receiveImage(get, target.url.host, signal)
    },
    close: () => agent.close(),
  }
}

/**
 * The URL is made from the image's id and our own path, never from what a patron sent.
 *
 * @returns undefined for an id that does not plainly name one place on a web server
 */
function targetOf(image: SourceImage, path: string): Pick<Ask, 'url' | 'prefix'> | undefined {
  if (!URL.canParse(image.id)) return undefined
  const id = new URL(image.id)
  if (!['http:', 'https:'].includes(id.protocol) || id.username || id.password) return undefined
  // `new URL` resolves these silently, and the manifest's check would have seen another place.
  if (/[/\\](\.|%2e){1,2}([/\\?#]|$)/i.test(image.id)) return undefined
  if (image.kind === 'plain') return { url: id, prefix: new URL('.', id).href }
  if (/[?#]/.test(image.id)) return undefined
  return { url: new URL(`${id.href}/${path}`), prefix: `${id.href}/` }
}

function readJson(bytes: Buffer, host: string): InfoAnswer {
  try {
    const json = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return { kind: 'found', document: JSON.parse(json) }
  } catch {
    return badAnswer('info', { reason: 'not JSON', host })
  }
}
