import { onTestFinished } from 'vitest'
import { answer, faultUpstream, type Script } from './fault-upstream.ts'
import { iiifUpstream, infoJson } from './iiif-upstream.ts'
import { addRemoteItem, imagesFrom } from './remote-item.ts'
import { type Site, startSite } from './site.ts'

const IMAGE = { api: 3, width: 2000, height: 3000, names: ['a-1'] } as const

/** Ann has A on loan, whose one page, of 2000 x 3000 pixels, is on an image server. */
export interface Reading {
  readonly site: Site
  /** http://127.0.0.1:PORT */
  readonly origin: string
  /** What the image server was asked for, info.json left out. */
  images(): string[]
}

/** The image server is a good one. */
export async function reading(): Promise<Reading> {
  const upstream = await iiifUpstream({ ...IMAGE, tile: 512 })
  onTestFinished(() => upstream.close())
  return borrow(new URL(upstream.service('')).origin, upstream.targets)
}

/** The image server gives a good info.json, and images as it is told. */
export async function readingFrom(pixels: Script): Promise<Reading> {
  const upstream = await faultUpstream()
  onTestFinished(() => upstream.close())
  upstream.play((socket, request) => {
    if (!request.target.endsWith('info.json')) return pixels(socket, request)
    const info = JSON.stringify(infoJson(IMAGE, `${upstream.origin}${request.target}`))
    socket.end(answer(info, { type: 'application/json' }))
  })
  return borrow(upstream.origin, upstream.targets)
}

async function borrow(origin: string, targets: readonly string[]): Promise<Reading> {
  const named = { service: (name: string) => `${origin}/iiif/${name}` }
  const site = await startSite({ ini: imagesFrom(named) })
  await addRemoteItem(site, named, 'A', IMAGE)
  const { status } = await site.post('ann', '/loan', { barcode: 'A' })
  if (status !== 303) throw new Error(`not borrowed: ${status}`)
  return {
    site,
    origin,
    images: () => targets.filter((target) => !target.endsWith('info.json')),
  }
}
