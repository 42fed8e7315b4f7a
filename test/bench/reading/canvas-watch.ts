/// <reference lib="dom" />
import type { BrowserContext, Page } from 'playwright-core'

/** Instants on the page's own clock, in ms since its navigation began. */
export interface Drawn {
  /** The canvas shows something other than before. */
  readonly firstMs: number
  /** The last change: every tile in view is drawn. */
  readonly lastMs: number
}

/** A canvas that has not changed for so long is finished. */
const QUIET_MS = 600

/**
 * Looks at what OpenSeadragon has painted, whoever started it, at every frame: 128 x 128 of the
 * canvas' own pixels, so that a blurred tile which becomes sharp is a change.
 */
export async function watchCanvas(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const copy = Object.assign(document.createElement('canvas'), { width: 128, height: 128 })
    const small = copy.getContext('2d', { willReadFrequently: true })
    if (small) small.imageSmoothingEnabled = false
    const seen = { print: 0, first: 0, last: 0, pressed: 0 }
    Object.assign(window, { seen })
    addEventListener(
      'keydown',
      () => Object.assign(seen, { pressed: performance.now(), first: 0, last: 0 }),
      { capture: true },
    )
    requestAnimationFrame(look)

    function look(): void {
      requestAnimationFrame(look)
      const canvas = document.querySelector<HTMLCanvasElement>('.openseadragon-canvas canvas')
      if (!small || !canvas?.width) return
      small.clearRect(0, 0, 128, 128)
      small.drawImage(canvas, 0, 0, 128, 128)
      const { data } = small.getImageData(0, 0, 128, 128)
      let print = 0
      let light = 0
      for (let i = 0; i < data.length; i += 4) {
        const [red = 0, green = 0] = [data[i], data[i + 1]]
        if (red > 100) light++
        print = (print * 31 + red + 7 * green) | 0
      }
      // An empty canvas, between two pages, is no page.
      if (light < 1000 || print === seen.print) return
      seen.print = print
      seen.last = performance.now()
      seen.first ||= seen.last
    }
  })
}

/** Waits until a page is there and stands still. @returns when it was drawn */
export async function drawn(page: Page): Promise<Drawn> {
  const answer = await page.waitForFunction(
    (quietMs) => {
      const { seen } = window as unknown as { seen: Record<'first' | 'last' | 'pressed', number> }
      if (seen.first === 0 || performance.now() - seen.last < quietMs) return false
      return { firstMs: seen.first - seen.pressed, lastMs: seen.last - seen.pressed }
    },
    QUIET_MS,
    { polling: 50, timeout: 30_000 },
  )
  return (await answer.jsonValue()) as Drawn
}
