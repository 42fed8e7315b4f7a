import { makePageMap } from './page-map.js'
import { readAhead } from './read-ahead.js'
import { viewerConfig } from './viewer-config.js'

/**
 * @typedef {object} BookEvents
 * @property {(page: number, pages: number) => void} onPage - a page is shown; counted from 1
 * @property {(url: string | undefined) => void} onTrouble - an image, its description (info.json)
 *   or a thumbnail did not load
 * @property {() => void} onNoManifest - the book could not be opened at all
 * @property {(on: boolean) => void} onFullScreen - the viewer's full screen button was pressed
 */

/**
 * Opens a book in Universal Viewer, and hides what is peculiar about that program.
 *
 * @param {HTMLElement} box - the element it fills
 * @param {{ viewer: string, manifest: string, page: number }} book - addresses of the viewer's
 *   script and of the manifest; the page to start at, from 1
 * @param {BookEvents} events
 */
export async function openBook(box, { viewer, manifest, page }, events) {
  const { init } = await import(viewer)
  drawWithoutWebGl()
  onManifestFailure(events.onNoManifest)
  const uv = init(box, {
    iiifManifestId: new URL(manifest, location.href).href,
    canvasIndex: page - 1,
    locales: [{ name: 'en-GB' }],
  })
  // Listeners are copied when the book is opened: later than this they would not be heard.
  uv.on('configure', ({ cb }) => cb(viewerConfig))
  uv.on('canvasIndexChange', (index) => events.onPage(index + 1, pages()))
  uv.on('loginFailed', () => events.onTrouble(currentInfo())) // any refused info.json
  uv.on('toggleFullScreen', ({ isFullScreen }) => events.onFullScreen(isFullScreen))
  uv.on('openseadragonExtension.open', onPageOpened)
  uv.on('metricChange', () => listened && makePageMap(extension().centerPanel))
  box.addEventListener('error', thumbnailFailed, true)
  // It measures itself when the window changes, not when its box does.
  const resizing = new ResizeObserver(() => window.dispatchEvent(new Event('resize')))
  resizing.observe(box)
  const landscape = matchMedia('(orientation: landscape)')
  landscape.addEventListener('change', fitPage)

  const extension = () => uv.assignedContentHandler?.extension
  const openSeadragon = () => extension()?.centerPanel?.viewer
  const pages = () => extension().helper.getTotalCanvases()
  const currentInfo = () => extension()?.helper.getCurrentCanvas()?.externalResource?.dataUri
  /** What undoes each failure. */
  const failed = new Set()
  const ahead = readAhead(nextInfos)
  let listened

  function onPageOpened() {
    const current = openSeadragon()
    ahead.pageOpened(current)
    makePageMap(extension().centerPanel)
    if (current === listened) return
    listened = current
    current.addHandler('tile-load-failed', tileFailed)
  }

  function tileFailed({ tile }) {
    failed.add(() => {
      tile.exists = true // else it is never asked for again
    })
    events.onTrouble(tile.getUrl())
  }

  /** Where the images of the next page are described; a page may be a pair of them. */
  function nextInfos() {
    const { helper } = extension()
    const next = extension().getNextPageIndex()
    const indices = next < 0 || next >= pages() ? [] : extension().getPagedIndices(next)
    return indices.flatMap((index) => infoOf(helper.getCanvasByIndex(index)) ?? [])
  }

  /** A phone was turned: the page is to be seen whole again, once the viewer has settled. */
  function fitPage() {
    setTimeout(() => openSeadragon()?.viewport.goHome(), 300)
  }

  function destroyOpenSeadragon() {
    const viewer = openSeadragon()
    if (!viewer) return
    viewer.buttonGroup = null // it trips over its buttons, which have been moved elsewhere
    viewer.destroy()
  }

  function thumbnailFailed({ target }) {
    if (!(target instanceof HTMLImageElement)) return
    target.style.visibility = 'hidden' // not the browser's sign for a broken image
    failed.add(() => {
      target.style.visibility = ''
      target.src += ''
    })
    if (target.src.includes('/iiif/')) events.onTrouble(target.src) // not one of its own buttons
  }

  return {
    /** Turns to a page that is there. @param {'next' | 'prev' | 'first' | 'last'} where */
    turn(where) {
      if (!openSeadragon()) return
      const index = {
        next: () => extension().getNextPageIndex(),
        prev: () => extension().getPrevPageIndex(),
        first: () => 0,
        last: () => pages() - 1,
      }[where]()
      if (index < 0 || index >= pages()) return
      uv.assignedContentHandler.publish('canvasIndexChange', index)
    },
    /** Larger than the window, so that it can be moved. */
    isZoomed() {
      const viewport = openSeadragon()?.viewport
      return viewport !== undefined && viewport.getZoom() > viewport.getHomeZoom() * 1.02
    },
    /** Asks again for tiles and thumbnails that failed. */
    reloadTiles() {
      for (const undo of failed) undo()
      failed.clear()
      openSeadragon()?.world.resetItems()
    },
    /** Leaves no page on the screen or in the viewer's memory. */
    close() {
      ahead.close()
      resizing.disconnect()
      landscape.removeEventListener('change', fitPage)
      attempt(destroyOpenSeadragon) // dispose() alone would keep its tiles
      attempt(() => uv.dispose())
      box.replaceChildren()
    },
  }
}

/** In Presentation 3 and in 2. An image without a service has no description. */
function infoOf(canvas) {
  const image = canvas.getContent()[0]?.getBody()[0] ?? canvas.getImages()[0]?.getResource()
  return image?.getServices()[0]?.getInfoUri()
}

/**
 * OpenSeadragon draws on a plain canvas where WebGL is refused, as it does by itself on tablets.
 * Where no graphics card helps, its trial of WebGL takes a second and each page turn half of one.
 */
function drawWithoutWebGl() {
  const { prototype } = HTMLCanvasElement
  const { getContext } = prototype
  prototype.getContext = function (kind, ...options) {
    return kind.startsWith('webgl') ? null : getContext.call(this, kind, ...options)
  }
}

/** A manifest that fails is announced by `alert` and by no event. */
function onManifestFailure(onNoManifest) {
  const { alert } = window
  window.alert = (message) =>
    message === 'Unable to load manifest' ? onNoManifest() : alert.call(window, message)
}

/** Closing goes on whatever state the viewer is in; its faults are only of interest to us. */
function attempt(step) {
  try {
    step()
  } catch (fault) {
    console.error(fault)
  }
}
