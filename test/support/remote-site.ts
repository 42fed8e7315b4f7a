import sharp from 'sharp'
import { onTestFinished } from 'vitest'
import type { RemoteOptions } from '../../src/sources/remote.ts'
import { answer, type FaultUpstream, faultUpstream, type Script } from './fault-upstream.ts'
import { faults } from './faults.ts'
import { testFolder } from './folder.ts'
import { infoJson } from './iiif-upstream.ts'
import { imagesFrom, putRemoteManifest } from './remote-item.ts'
import { type Site, startSite } from './site.ts'

export const TILE = '0,0,512,512/512,512/0/default.jpg'

/** What its info.json says. */
export const PAGE = { api: 2, width: 2000, height: 3000 } as const

export interface RemoteSite {
  readonly site: Site
  /** URL of the image service with this name. */
  service(name: string): string
  readonly upstream: FaultUpstream
  readonly jpeg: Buffer
  /** Ways to fail with that JPEG. */
  readonly faults: ReturnType<typeof faults>
  /** What the image server does for pixels; its info.json is good, unless told otherwise. */
  play(pixels: Script, info?: Script): void
  /** What `ann`, who has item A on loan, gets; `path` follows `/iiif/A/1/`. */
  tile(path?: string, init?: RequestInit): Promise<Response>
  /** Request targets for pixels so far. */
  pixels(): string[]
  stop(): Promise<void>
}

/** A JPEG of 512 x 512 pixels in several packets. */
export const noisyJpeg = (side = 512) =>
  sharp({
    create: {
      width: side,
      height: side,
      channels: 3,
      background: 'red',
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  })
    .jpeg()
    .toBuffer()

/** A site with item A, on loan to `ann`, whose only image is on a server that can be made to fail. */
export async function remoteSite(
  images: Partial<RemoteOptions> = {},
  settings = '',
): Promise<RemoteSite> {
  const remote = await sharedRemoteSite(images, testFolder(), settings)
  onTestFinished(remote.stop)
  return remote
}

/** The same for several tests: whoever starts it stops it. */
export async function sharedRemoteSite(
  images: Partial<RemoteOptions>,
  folder: string,
  settings = '',
): Promise<RemoteSite> {
  const upstream = await faultUpstream()
  const service = (name: string) => `${upstream.origin}/iiif/${name}`
  const ini = `${imagesFrom({ service })}\n${settings}`
  const site = await startSite({ ini, images, folder, shared: true })
  await site.addItem('A', { convert: false, copies: 60 })
  putRemoteManifest(site, { service }, 'A', { ...PAGE, names: ['x'] })
  await site.post('ann', '/loan', { barcode: 'A' })
  const jpeg = await noisyJpeg()
  const info = JSON.stringify(infoJson(PAGE, 'http://u/info.json'))
  const goodInfo: Script = (s) => void s.write(answer(info, { type: 'application/json' }))
  return {
    site,
    service,
    upstream,
    jpeg,
    faults: faults(jpeg),
    play(pixels, infoScript = goodInfo) {
      upstream.play((socket, request) => {
        const script = request.target.endsWith('info.json') ? infoScript : pixels
        script(socket, request)
      })
    },
    tile: (path = TILE, init) => site.as('ann', `/iiif/A/1/${path}`, init),
    async stop() {
      await upstream.close()
      await site.stop()
    },
    pixels: () => upstream.targets.filter((target) => !target.endsWith('info.json')),
  }
}
