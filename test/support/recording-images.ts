import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import sharp from 'sharp'
import { onTestFinished } from 'vitest'
import { infoJson } from './iiif-upstream.ts'

export const PAGE = { api: 2, width: 2000, height: 3000 } as const

/**
 * An image server that writes down what it is asked and gives everybody everything: whatever JPEG
 * it is asked for, it answers with one pixel that holds the target as its comment.
 */
export async function recordingImages() {
  const targets: string[] = []
  const jpeg = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#888' } })
    .jpeg()
    .toBuffer()
  const server = createServer(({ url = '', headers }, response) => {
    targets.push(url)
    if (url.endsWith('/info.json')) {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(infoJson(PAGE, `http://${headers.host}${url}`)))
      return
    }
    if (!url.endsWith('.jpg')) return void response.writeHead(400).end()
    const bytes = withComment(jpeg, url)
    response.writeHead(200, { 'content-type': 'image/jpeg', 'content-length': bytes.length })
    response.end(bytes)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { base: `http://127.0.0.1:${port}/iiif`, targets }
}

/** Puts a COM segment after the first two bytes, SOI (ITU-T T.81, B.2.4.5). */
function withComment(jpeg: Buffer, comment: string): Buffer {
  const head = Buffer.from([0xff, 0xfe, 0, 0])
  head.writeUInt16BE(comment.length + 2, 2)
  return Buffer.concat([jpeg.subarray(0, 2), head, Buffer.from(comment), jpeg.subarray(2)])
}

/** A manifest (IIIF Presentation 2.1) of pages whose images these services give. */
export function manifestOfServices(services: readonly string[]) {
  const id = 'https://scans.example.edu/manifest'
  const { width, height } = PAGE
  const canvases = services.map((service, n) => ({
    '@id': `${id}/canvas/${n}`,
    '@type': 'sc:Canvas',
    label: `Page ${n + 1}`,
    width,
    height,
    images: [
      {
        '@type': 'oa:Annotation',
        motivation: 'sc:painting',
        on: `${id}/canvas/${n}`,
        resource: {
          '@id': `${service}/full/full/0/default.jpg`,
          '@type': 'dctypes:Image',
          width,
          height,
          service: {
            '@context': 'http://iiif.io/api/image/2/context.json',
            '@id': service,
            profile: 'http://iiif.io/api/image/2/level2.json',
          },
        },
      },
    ],
  }))
  return {
    '@context': 'http://iiif.io/api/presentation/2/context.json',
    '@id': id,
    '@type': 'sc:Manifest',
    label: 'A title',
    sequences: [{ '@type': 'sc:Sequence', canvases }],
  }
}
