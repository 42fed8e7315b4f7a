import { mkdirSync, writeFileSync } from 'node:fs'
import type { IiifUpstream, UpstreamImage } from './iiif-upstream.ts'
import { manifestFile, type Site } from './site.ts'

/** The setting that lets items have images of this server. */
export function imagesFrom(upstream: Pick<IiifUpstream, 'service'>): string {
  return `IIIF_BASE_URL = ${upstream.service('').slice(0, -1)}\n`
}

/** Adds an item whose pages are images of an image server, named as given. */
export async function addRemoteItem(
  site: Site,
  upstream: Pick<IiifUpstream, 'service'>,
  item: string,
  images: RemoteImages,
): Promise<void> {
  await site.addItem(item, { convert: false })
  putRemoteManifest(site, upstream, item, images)
}

export type RemoteImages = UpstreamImage & { readonly names: readonly string[] }

/** Puts the manifest of such an item where Carrel finds it, instead of the one that was there. */
export function putRemoteManifest(
  site: Pick<Site, 'settings'>,
  upstream: Pick<IiifUpstream, 'service'>,
  item: string,
  { names, ...image }: RemoteImages,
): void {
  const { api, width, height } = image
  const canvases = names.map((name, i) => {
    const id = `https://m.example/${item}/${i + 1}`
    const service = {
      id: upstream.service(name),
      type: api === 3 ? 'ImageService3' : 'ImageService2',
      profile: 'level2',
    }
    const body = {
      id: `${service.id}/full/max/0/default.jpg`,
      type: 'Image',
      format: 'image/jpeg',
      width,
      height,
      service: [service],
    }
    const painting = { type: 'Annotation', motivation: 'painting', target: id, body }
    const items = [
      { id: `${id}/p`, type: 'AnnotationPage', items: [{ id: `${id}/a`, ...painting }] },
    ]
    return { id, type: 'Canvas', width, height, items }
  })
  const manifest = {
    '@context': 'http://iiif.io/api/presentation/3/context.json',
    id: `https://m.example/${item}`,
    type: 'Manifest',
    label: { en: [item] },
    items: canvases,
  }
  mkdirSync(site.settings.manifestDir, { recursive: true })
  writeFileSync(manifestFile(site, item), JSON.stringify(manifest))
}
