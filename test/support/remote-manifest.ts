import { mkdirSync, writeFileSync } from 'node:fs'
import { manifestFile, type Site } from './site.ts'

export interface RemoteImage {
  /** URL of its image service. */
  readonly service: string
  readonly api: 2 | 3
  readonly width: number
  readonly height: number
}

/** Puts a manifest of these images of an image server where Carrel finds it. */
export function putRemoteManifest(
  site: Pick<Site, 'settings'>,
  item: string,
  images: readonly RemoteImage[],
  label = item,
): void {
  const manifest = {
    '@context': 'http://iiif.io/api/presentation/3/context.json',
    id: 'https://m.example/m',
    type: 'Manifest',
    label: { en: [label] },
    items: images.map(canvas),
  }
  mkdirSync(site.settings.manifestDir, { recursive: true })
  writeFileSync(manifestFile(site, item), JSON.stringify(manifest))
}

function canvas({ service, api, width, height }: RemoteImage, index: number) {
  const id = `https://m.example/c/${index}`
  const body = {
    id: `${service}/full/max/0/default.jpg`,
    type: 'Image',
    format: 'image/jpeg',
    width,
    height,
    service: [
      { id: service, type: api === 3 ? 'ImageService3' : 'ImageService2', profile: 'level2' },
    ],
  }
  const annotation = {
    id: `${id}/a`,
    type: 'Annotation',
    motivation: 'painting',
    target: id,
    body,
  }
  return {
    id,
    type: 'Canvas',
    width,
    height,
    items: [{ id: `${id}/p`, type: 'AnnotationPage', items: [annotation] }],
  }
}
