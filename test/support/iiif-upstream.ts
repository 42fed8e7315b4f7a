import { createServer } from 'node:http'
import sharp from 'sharp'

export interface IiifUpstream {
  /** URL of an image service; any last segment will do. */
  service(name: string): string
  /** Every request target, in order. */
  readonly targets: string[]
  close(): Promise<void>
}

export interface UpstreamImage {
  readonly api: 2 | 3
  readonly width: number
  readonly height: number
  readonly tile?: number
  readonly level?: 0 | 1 | 2
  /** Before each answer. */
  readonly delayMs?: number
}

/**
 * A small well-behaved IIIF image server: every image is a plain grey one of the given size.
 * It understands canonical paths only, so that it also proves that nothing else is sent.
 */
export async function iiifUpstream(image: UpstreamImage): Promise<IiifUpstream> {
  const targets: string[] = []
  const server = createServer(async (request, response) => {
    const target = request.url ?? ''
    targets.push(target)
    await new Promise((done) => setTimeout(done, image.delayMs ?? 0))
    if (target.endsWith('/info.json')) {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(infoJson(image, `http://${request.headers.host}${target}`)))
      return
    }
    const size = canonicalSize(image, target)
    if (size === undefined) return void response.writeHead(400).end()
    const bytes = await sharp({ create: { ...size, channels: 3, background: '#888' } })
      .jpeg()
      .toBuffer()
    response
      .writeHead(200, { 'content-type': 'image/jpeg', 'content-length': bytes.length })
      .end(bytes)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return {
    service: (name) => `http://127.0.0.1:${port}/iiif/${name}`,
    targets,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

export function infoJson(
  { api, width, height, tile = 512, level = 2 }: UpstreamImage,
  url: string,
) {
  const id = url.replace(/\/info\.json$/, '')
  const scaleFactors = [1, 2, 4, 8]
  const common = {
    '@context': `http://iiif.io/api/image/${api}/context.json`,
    protocol: 'http://iiif.io/api/image',
    width,
    height,
    tiles: [{ width: tile, height: tile, scaleFactors }],
    sizes: scaleFactors.map((factor) => ({
      width: Math.ceil(width / factor),
      height: Math.ceil(height / factor),
    })),
    service: { '@id': 'http://upstream.example/auth', profile: 'http://iiif.io/api/auth/1/login' },
    logo: 'http://upstream.example/logo.png',
  }
  return api === 2
    ? { ...common, '@id': id, profile: [`http://iiif.io/api/image/2/level${level}.json`] }
    : { ...common, id, type: 'ImageService3', profile: `level${level}`, maxWidth: 9000 }
}

function canonicalSize({ api, width, height }: UpstreamImage, target: string) {
  const found =
    /\/(full|\d+,\d+,(\d+),(\d+))\/(full|max|(\^?)(\d+),(\d*))\/!?(?:0|90|180|270)\/\w+\.\w+$/.exec(
      target,
    )
  if (found === null) return undefined
  const [, region, w, h, size, , sw, sh] = found
  const cut = region === 'full' ? { width, height } : { width: Number(w), height: Number(h) }
  if (size === (api === 2 ? 'full' : 'max')) return cut
  if (sw === undefined || (api === 3 && sh === '')) return undefined
  const high = sh === '' ? Math.round((Number(sw) * cut.height) / cut.width) : Number(sh)
  return { width: Number(sw), height: high }
}
