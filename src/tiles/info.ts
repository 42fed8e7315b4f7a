/** The info.json of an image service: read from any image server, written as ours. */
import { z } from 'zod'
import type { ImageApi } from '../sources/source.ts'
import type { PixelSize } from './image-request.ts'
import type { Limits } from './policy.ts'

/** Level of compliance; a service of level 0 has ready-made answers only and cannot cut. */
export type Level = 0 | 1 | 2

export interface TileSet extends PixelSize {
  readonly scaleFactors: readonly number[]
}

/** What we use of an info.json: all else, links to other services above all, is left behind. */
export interface Info extends PixelSize {
  readonly kind: 'read'
  readonly api: ImageApi
  readonly level: Level
  readonly tiles: readonly TileSet[]
  readonly sizes: readonly PixelSize[]
}

export interface BadInfo {
  readonly kind: 'bad'
  readonly reason: string
}

const side = z.number().int().min(1).max(9_999_999)

const infoShape = z.object({
  '@context': z.unknown().optional(),
  profile: z.unknown().optional(),
  width: side,
  height: side,
  sizes: z
    .array(z.object({ width: side, height: side }))
    .max(200)
    .nullish(),
  tiles: z
    .array(z.object({ width: side, height: side.optional(), scaleFactors: z.array(side).max(64) }))
    .max(64)
    .nullish(),
})

/**
 * @param document a parsed info.json
 * @param api the version that the manifest says; the document's own `@context`, if it has one of
 *   the Image API, says better
 */
export function readInfo(document: unknown, api: ImageApi): Info | BadInfo {
  const read = infoShape.safeParse(document)
  if (!read.success)
    return { kind: 'bad', reason: z.prettifyError(read.error).replace(/\s+/g, ' ') }
  const { width, height, profile } = read.data
  const version = versionOf(read.data['@context']) ?? api
  if (version !== 2 && version !== 3) {
    return { kind: 'bad', reason: `Image API ${version} is not supported, only 2 and 3 are.` }
  }
  const tiles = (read.data.tiles ?? []).map((tile) => ({
    ...tile,
    height: tile.height ?? tile.width,
  }))
  const sizes = read.data.sizes ?? []
  return { kind: 'read', api: version, width, height, level: levelOf(profile), tiles, sizes }
}

function versionOf(context: unknown): number | undefined {
  for (const one of [context].flat()) {
    const found =
      /^https?:\/\/(?:iiif\.io|library\.stanford\.edu\/iiif)\/(?:api\/image|image-api)\/(\d)/
    const version = typeof one === 'string' ? found.exec(one)?.[1] : undefined
    if (version !== undefined) return Number(version)
  }
  return undefined
}

/** `level2`, `http://iiif.io/api/image/2/level2.json`, or a list of which that is the first. */
function levelOf(profile: unknown): Level {
  const first = [profile].flat()[0]
  const level = typeof first === 'string' ? /level([012])(?:\.json)?$/.exec(first)?.[1] : undefined
  // One that does not say is taken to cut regions, as viewers do.
  return level === undefined ? 1 : (Number(level) as Level)
}

export interface OurInfo {
  readonly kind: 'info'
  readonly document: Readonly<Record<string, unknown>>
}

/** Nothing of this image could be shown within the limits; `reason` is for staff. */
export interface Unusable {
  readonly kind: 'unusable'
  readonly reason: string
}

/**
 * The info.json that a reader gets. There is no maxWidth, maxHeight or maxArea: they would bind
 * tiles as well as views.
 *
 * @param id our URL of the service, just as the browser asked for it: viewers build on it
 */
export function rewriteInfo(info: Info, id: string, limits: Limits): OurInfo | Unusable {
  const offer = info.level === 0 ? readyMade(info, limits) : cuttable(info, limits)
  if ('kind' in offer) return offer
  const { api, width, height, level } = info
  const base = { protocol: 'http://iiif.io/api/image', width, height, ...offer }
  const context = `http://iiif.io/api/image/${api}/context.json`
  const document =
    api === 2
      ? {
          '@context': context,
          '@id': id,
          ...base,
          profile: [`http://iiif.io/api/image/2/level${level}.json`],
        }
      : { '@context': context, id, type: 'ImageService3', ...base, profile: `level${level}` }
  return { kind: 'info', document }
}

interface Offer {
  readonly sizes: readonly PixelSize[]
  readonly tiles?: readonly TileSet[]
}

/** A service that cuts gets one set of tiles that fits both limits, whatever it likes itself. */
function cuttable(info: Info, limits: Limits): Offer {
  const tile = tileFor(info, Math.min(limits.largestView, limits.largestTile))
  const scaleFactors = halvings((factor) => {
    const level = scaledDown(info, factor)
    return level.width <= tile.width && level.height <= tile.height
  })
  const sizes = info.sizes.filter((size) => isView(size, info, limits))
  return {
    sizes: sizes.length > 0 ? sizes : viewsOf(info, limits),
    tiles: [{ ...tile, scaleFactors }],
  }
}

/** Smaller tiles than this would mean thousands of requests; the image server's own are halved. */
const SMALLEST_TILE = 128
const USUAL_TILE = 512

function tileFor({ tiles }: Info, most: number): PixelSize {
  const own = tiles[0]
  const good = own !== undefined && Math.min(own.width, own.height) >= SMALLEST_TILE
  const { width, height } = good ? own : { width: USUAL_TILE, height: USUAL_TILE }
  return { width: halvedTo(most, width), height: halvedTo(most, height) }
}

function halvedTo(most: number, length: number): number {
  return length <= most ? length : halvedTo(most, Math.floor(length / 2))
}

/** 1, 2, 4, ... up to the first that `isEnough`: viewers count levels by doubling anyway. */
function halvings(isEnough: (factor: number) => boolean): number[] {
  const factors = [1]
  for (let factor = 1; !isEnough(factor); ) {
    factor *= 2
    factors.push(factor)
  }
  return factors
}

/** The size of a level, rounded up as OpenSeadragon does, so that both count the same tiles. */
function scaledDown({ width, height }: PixelSize, factor: number): PixelSize {
  return { width: Math.ceil(width / factor), height: Math.ceil(height / factor) }
}

/** The image's halvings that are small views, smallest first, down to about a thumbnail. */
function viewsOf(info: Info, limits: Limits): PixelSize[] {
  const smallest = halvings((factor) => {
    const { width, height } = scaledDown(info, factor)
    return Math.max(width, height) <= SMALLEST_TILE
  })
  return smallest
    .map((factor) => scaledDown(info, factor))
    .filter((size) => isView(size, info, limits))
    .reverse()
}

/** A listed size larger than the image is a fault of the list. */
function isView({ width, height }: PixelSize, page: PixelSize, { largestView }: Limits): boolean {
  return Math.max(width, height) <= largestView && width <= page.width && height <= page.height
}

/** A service of level 0 is shown as it is or not at all: it has just the files that it lists. */
function readyMade(info: Info, limits: Limits): Offer | Unusable {
  const most = Math.min(limits.largestView, limits.largestTile)
  const widest = Math.max(0, ...info.tiles.map(({ width, height }) => Math.max(width, height)))
  if (widest > most) {
    return unusable(
      `Its tiles of ${widest} px cannot be cut (level 0) and at most ${most} px may be shown.`,
    )
  }
  const listed = info.sizes.filter((size) => isView(size, info, limits))
  const sizes =
    listed.length === 0 && isView(info, info, limits)
      ? [{ width: info.width, height: info.height }]
      : listed
  if (info.tiles.length > 0) return { sizes, tiles: info.tiles }
  if (sizes.length > 0) return { sizes }
  return unusable(
    `It has no tiles and no view of at most ${limits.largestView} px, and cannot be cut (level 0).`,
  )
}

function unusable(reason: string): Unusable {
  return { kind: 'unusable', reason }
}
