import { LRUCache } from 'lru-cache'
import { badAnswer } from '../sources/source.ts'
import {
  type ComingImage,
  type FetchedOptions,
  fetchedFrom,
  type Held,
  type ImageAnswer,
  type ImageKey,
  type ServedImage,
  type Wanted,
} from './fetched.ts'
import { type ImageRequest, type PixelSize, parseImageRequest } from './image-request.ts'
import { type OurInfo, rewriteInfo } from './info.ts'
import { type Limits, mayHave, mayHaveWhole } from './policy.ts'
import { canonical, resolve } from './resolve.ts'
import type { FaultAnswer } from './upstream.ts'

/**
 * The second gate: is it one of the things that a reader may have? (The first, whether the patron
 * has the item on loan, comes before.) `signal` is the reader's own; once it fires the promise
 * rejects with its reason, and the image server is troubled no further unless others wait too.
 */
export interface Tiles {
  /** @param id our URL of the image service, exactly as the browser asked for it */
  info(key: ImageKey, id: string, signal?: AbortSignal): Promise<OurInfo | FaultAnswer>
  /** @param segments region, size, rotation, quality.format: path segments, already decoded */
  image(key: ImageKey, segments: readonly string[], signal?: AbortSignal): Promise<ImageAnswer>
  /** What `image` gave before for the same request, if it is still kept. Does not wait. */
  hit(key: ImageKey, segments: readonly string[]): ServedImage | undefined
  /** What is kept in memory now. */
  held(): Held
  /** What `image` would answer, as far as it is known without fetching that image. */
  peek(
    key: ImageKey,
    segments: readonly string[],
    signal?: AbortSignal,
  ): Promise<ImageAnswer | NotFetched>
}

/** A reader may have it, and more is not known. */
export interface NotFetched {
  readonly kind: 'not-fetched'
}

type Plan =
  | { readonly kind: 'wanted'; readonly wanted: Wanted }
  | Exclude<ImageAnswer, ServedImage | ComingImage>

export interface TilesOptions extends FetchedOptions {
  readonly limits: Limits
}

export function tilesFrom({ limits, ...options }: TilesOptions): Tiles {
  const fetched = fetchedFrom(options)
  /** Canonical paths by what was asked for: a plan is the same each time. */
  const paths = new LRUCache<string, string>({ max: MOST_PATHS })

  async function cut(
    key: ImageKey,
    segments: readonly string[],
    signal?: AbortSignal,
  ): Promise<Plan> {
    const info = await fetched.info(key, signal)
    if (info.kind !== 'read') return info
    const request = parseImageRequest(segments, info.api)
    const wanted = request.kind === 'request' ? resolve(request, info) : request
    if (wanted.kind === 'bad') return badRequest(wanted.reason)
    if (mayHave(wanted, info, limits).kind === 'too-large') return TOO_LARGE
    // One pixel more, for servers that round a proportional side up.
    const longest = Math.max(wanted.size.width, wanted.size.height) + 1
    const isAllowed = (size: PixelSize) => Math.max(size.width, size.height) <= longest
    return { kind: 'wanted', wanted: { key, path: canonical(wanted, info.api), isAllowed } }
  }

  function whole(key: ImageKey, segments: readonly string[]): Plan {
    // Read as 2.1, which knows both `full` and `max`.
    const request = parseImageRequest(segments, 2)
    if (request.kind === 'bad') return badRequest(request.reason)
    if (!isForWhole(request)) return badRequest('This image is served as full/max/0/default only.')
    const isAllowed = (size: PixelSize) => mayHaveWhole(size, limits).kind === 'allowed'
    return { kind: 'wanted', wanted: { key, path: 'full/max/0/default', isAllowed } }
  }

  const plan = async (key: ImageKey, segments: readonly string[], signal?: AbortSignal) =>
    key.image.kind === 'service' ? cut(key, segments, signal) : whole(key, segments)

  return {
    held: fetched.held,
    async info(key, id, signal) {
      const info = await fetched.info(key, signal)
      if (info.kind !== 'read') return info
      const ours = rewriteInfo(info, id, limits)
      if (ours.kind === 'info') return ours
      return fetched.report(badAnswer('info', { reason: ours.reason }), key)
    },
    async image(key, segments, signal) {
      const planned = await plan(key, segments, signal)
      if (planned.kind !== 'wanted') return planned
      paths.set(askedFor(key, segments), planned.wanted.path)
      return fetched.image(planned.wanted, signal)
    },
    hit(key, segments) {
      const path = paths.get(askedFor(key, segments))
      return path === undefined ? undefined : fetched.hit(key, path)
    },
    async peek(key, segments, signal) {
      const planned = await plan(key, segments, signal)
      return planned.kind === 'wanted'
        ? (fetched.kept(planned.wanted) ?? { kind: 'not-fetched' })
        : planned
    },
  }
}

/** Some 200 bytes each. */
const MOST_PATHS = 50_000

function askedFor({ version, image }: ImageKey, segments: readonly string[]): string {
  return `${version} ${image.number} ${segments.join('/')}`
}

const TOO_LARGE = { kind: 'too-large' } as const

function badRequest(reason: string) {
  return { kind: 'bad-request', reason } as const
}

function isForWhole({ region, size, rotation, mirrored, quality }: ImageRequest): boolean {
  const isUnturned = rotation === 0 && !mirrored
  return region.kind === 'full' && size.kind === 'max' && isUnturned && quality === 'default'
}
