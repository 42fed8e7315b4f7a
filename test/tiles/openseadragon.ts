/**
 * What OpenSeadragon 6 asks for, given an info.json: its rules for levels and tile URLs, written
 * down again so that a test can walk through every tile of every level.
 */
interface Shape {
  readonly width: number
  readonly height: number
}

export interface ViewerInfo extends Shape {
  readonly sizes: readonly Shape[]
  readonly tiles: readonly (Shape & { readonly scaleFactors: readonly number[] })[]
}

/** @returns the path segments of every request that the viewer could make, level by level */
export function viewerRequests(info: ViewerInfo, api: 2 | 3): string[][] {
  const tile = info.tiles[0]
  if (tile === undefined) throw new Error('needs tiles')
  const maxLevel = Math.round(Math.log2(Math.max(...tile.scaleFactors)))
  const listed = listedLevels(info, tile.scaleFactors, maxLevel)
  const requests: string[][] = []
  for (let level = 0; level <= maxLevel; level++) {
    const factor = 2 ** (maxLevel - level)
    const size = listed?.[level] ?? {
      width: Math.ceil(info.width / factor),
      height: Math.ceil(info.height / factor),
    }
    for (let x = 0; x < Math.ceil(size.width / tile.width); x++) {
      for (let y = 0; y < Math.ceil(size.height / tile.height); y++) {
        requests.push(tileRequest({ info, api, tile, factor, size, x, y }))
      }
    }
  }
  return requests
}

/** The viewer believes `sizes` instead of its own arithmetic when they match the scale factors. */
function listedLevels(info: ViewerInfo, factors: readonly number[], maxLevel: number) {
  const sizes = [...info.sizes].sort((a, b) => a.width - b.width)
  const last = sizes.at(-1)
  if (last === undefined) return undefined
  if (last.width < info.width && last.height < info.height) {
    sizes.push({ width: info.width, height: info.height })
  }
  if (sizes.length !== maxLevel + 1 || factors.length !== sizes.length) return undefined
  const match = sizes.every((size, i) => {
    const factor = factors[factors.length - 1 - i]
    return (
      Math.round(info.width / size.width) === factor &&
      Math.round(info.height / size.height) === factor
    )
  })
  return match ? sizes : undefined
}

interface Tile {
  readonly info: ViewerInfo
  readonly api: 2 | 3
  readonly tile: Shape
  readonly factor: number
  readonly size: Shape
  readonly x: number
  readonly y: number
}

function tileRequest({ info, api, tile, factor, size, x, y }: Tile): string[] {
  const print = (width: number, height: number, plain: string) => {
    if (api === 2 && width === info.width) return 'full'
    if (api === 3 && width === info.width && height === info.height) return 'max'
    return plain
  }
  if (size.width < tile.width && size.height < tile.height) {
    const plain = api === 3 ? `${size.width},${size.height}` : `${size.width},`
    return ['full', print(size.width, size.height, plain), '0', 'default.jpg']
  }
  const left = x * tile.width * factor
  const top = y * tile.height * factor
  const width = Math.min(tile.width * factor, info.width - left)
  const height = Math.min(tile.height * factor, info.height - top)
  const whole = x === 0 && y === 0 && width === info.width && height === info.height
  const w = Math.min(tile.width, size.width - x * tile.width)
  const h = Math.min(tile.height, size.height - y * tile.height)
  const region = whole ? 'full' : [left, top, width, height].join(',')
  return [region, print(w, h, `${w},${h}`), '0', 'default.jpg']
}
