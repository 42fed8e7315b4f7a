/** The images that an OpenSeadragon has open: one, or two side by side. */
export const imagesOf = ({ world }) =>
  Array.from({ length: world.getItemCount() }, (_, n) => world.getItemAt(n))

/** Every tile that is in view is there. Never resolves when the page is turned before. */
export const whenDrawn = (viewer) => Promise.all(imagesOf(viewer).map(fullyLoaded))

const fullyLoaded = (image) => new Promise((resolve) => image.whenFullyLoaded(resolve))
