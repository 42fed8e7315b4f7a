import { imagesOf, whenDrawn } from './open-images.js'

/**
 * Makes the small map of the page, which OpenSeadragon calls its navigator, when the page has been
 * drawn: it is a viewer of its own, and takes as long to make as the large one. Does nothing where
 * it is there, nor on phones, which have no room for it.
 *
 * @param {object} panel - Universal Viewer's centre panel, in which a page has been opened
 */
export async function makePageMap(panel) {
  const { viewer, extension } = panel
  await whenDrawn(viewer)
  await painted()
  if (viewer.isDestroyed() || viewer.navigator || !extension.isDesktopMetric()) return
  const [{ wrapper }] = viewer.controls
  viewer.makeNavigator()
  // The frame around what is seen is drawn with the page.
  viewer.navigator.world.addHandler('add-item', () => viewer.forceRedraw())
  for (const image of imagesOf(viewer)) {
    viewer.navigator.addTiledImage({ tileSource: image.source, originalTiledImage: image })
  }
  viewer.controls.at(-1).wrapper.style.cssText = wrapper.style.cssText // hidden as they may be
  fitIn(panel)
}

/** What Universal Viewer does when a page is opened, to a map that is there. */
function fitIn(panel) {
  const { helper } = panel.extension
  panel.$navigator = panel.$viewer.find('.navigator')
  panel.setNavigatorVisible()
  if (helper.isContinuous()) panel.resizeNavigatorForContinuous()
  else panel.$navigator.toggleClass('extraMargin', helper.isMultiCanvas())
}

const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
