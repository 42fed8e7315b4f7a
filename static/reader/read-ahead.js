import { imagesOf, whenDrawn } from './open-images.js'

/** The page has been drawn for so long: its reader rests. */
const REST_MS = 200
/** The page that is there comes first: the server and the line are left alone as far as may be. */
const AT_ONCE = 3

/**
 * While the reader rests, fetches what the next page will ask for, by the same addresses, so that
 * the browser has it when the page is turned. Never more than that page; nothing while the window is
 * out of sight, nor for those who asked their browser to save data. A refusal ends it until the
 * next page: the server knows why.
 *
 * @param {() => string[]} nextInfos - addresses of the info.json of each image of the next page
 */
export function readAhead(nextInfos) {
  let viewer
  let timer
  /** @type {HTMLImageElement[]} kept, so that the browser keeps them decoded */
  let tiles = []
  let run = 0 // counts up when what was begun is no longer wanted

  const whenVisible = () => (document.hidden ? stop() : rest())
  document.addEventListener('visibilitychange', whenVisible)

  function stop() {
    run++
    clearTimeout(timer)
  }

  async function rest() {
    stop()
    const mine = run
    if (!viewer || navigator.connection?.saveData) return
    await whenDrawn(viewer)
    if (mine === run && !document.hidden) timer = setTimeout(() => fetchNext(mine), REST_MS)
  }

  async function fetchNext(mine) {
    const infos = await Promise.all(nextInfos().map(fetchJson)).catch(() => [])
    if (mine !== run) return
    const waiting = tileAddresses(viewer, infos)
    tiles = []
    await Promise.all(Array.from({ length: AT_ONCE }, () => fetchSome(mine, waiting)))
  }

  async function fetchSome(mine, waiting) {
    while (mine === run && waiting.length > 0) {
      const tile = new Image()
      tiles.push(tile)
      tile.crossOrigin = 'anonymous' // as the viewer asks: its own then come from memory
      tile.fetchPriority = 'low'
      tile.src = waiting.shift()
      await tile.decode().catch(() => waiting.splice(0))
    }
  }

  return {
    /** A page was opened in this OpenSeadragon. */
    pageOpened(current) {
      viewer = current
      rest()
    },
    close() {
      stop()
      document.removeEventListener('visibilitychange', whenVisible)
      for (const tile of tiles) tile.removeAttribute('src')
      tiles = []
    },
  }
}

async function fetchJson(url) {
  const response = await fetch(url, { priority: 'low' })
  if (!response.ok) throw new Error(`${url}: ${response.status}`)
  return response.json()
}

/**
 * The tiles that OpenSeadragon asks for when it shows these images side by side, each of them whole:
 * every tile of every level up to the one that is sharp.
 */
function tileAddresses(viewer, infos) {
  const [shown] = imagesOf(viewer)
  const Source = shown?.source.constructor
  if (!Source || infos.length === 0 || !infos.every((info) => Source.prototype.supports(info))) {
    return []
  }
  const box = viewer.viewport.getContainerSize()
  const width = infos.reduce((sum, info) => sum + info.width, 0)
  const height = Math.max(...infos.map((info) => info.height))
  const scale = Math.min(box.x / width, box.y / height)
  return infos.flatMap((info) => {
    const source = new Source(Source.prototype.configure(info))
    // Pixels of the screen for one of the smallest level, whose like each level doubles.
    const pixels = info.width * scale * source.getPixelRatio(0).x
    const sharp = Math.floor(Math.log2(pixels / shown.minPixelRatio))
    const last = Math.max(source.minLevel, Math.min(source.maxLevel, sharp))
    return levels(source.minLevel, last).flatMap((level) => tilesOfLevel(source, level))
  })
}

const levels = (first, last) => Array.from({ length: last - first + 1 }, (_, n) => first + n)

function tilesOfLevel(source, level) {
  const { x, y } = source.getNumTiles(level)
  return Array.from({ length: x * y }, (_, n) => source.getTileUrl(level, n % x, Math.floor(n / x)))
}
