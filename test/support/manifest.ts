/** The host under which images of `smallManifest` lie: give it as IIIF_BASE_URL. */
export const IMAGE_HOST = 'https://img.test/'

/** A sound manifest of IIIF Presentation 3.0. */
export function smallManifest(pages = 1): string {
  const items = Array.from({ length: pages }, (_, n) => {
    const service = [{ id: `${IMAGE_HOST}${n}`, type: 'ImageService3', profile: 'level2' }]
    const body = { id: `${IMAGE_HOST}${n}/full/max/0/default.jpg`, type: 'Image', service }
    const target = `${IMAGE_HOST}canvas/${n}`
    const painting = { id: `${target}/a`, type: 'Annotation', motivation: 'painting', body, target }
    const layer = { id: `${target}/p`, type: 'AnnotationPage', items: [painting] }
    return { id: target, type: 'Canvas', height: 1500, width: 1000, items: [layer] }
  })
  return JSON.stringify({
    '@context': 'http://iiif.io/api/presentation/3/context.json',
    id: `${IMAGE_HOST}manifest`,
    type: 'Manifest',
    label: { en: ['A book'] },
    items,
  })
}
