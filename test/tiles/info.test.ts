import { describe, expect, it } from 'vitest'
import { parseImageRequest } from '../../src/tiles/image-request.ts'
import { readInfo, rewriteInfo } from '../../src/tiles/info.ts'
import { mayHave } from '../../src/tiles/policy.ts'
import { resolve } from '../../src/tiles/resolve.ts'
import { infoJson, type UpstreamImage } from '../support/iiif-upstream.ts'
import { type ViewerInfo, viewerRequests } from './openseadragon.ts'

const limits = { largestView: 640, largestTile: 1024 }
const ID = 'https://lend.example/iiif/35047000000001/7'

/** The rewritten document; the reason if there is none. */
function ours(
  document: unknown,
  api: 2 | 3 = 2,
  within = limits,
): Record<string, unknown> | string {
  const info = readInfo(document, api)
  if (info.kind === 'bad') return info.reason
  const rewritten = rewriteInfo(info, ID, within)
  return rewritten.kind === 'info' ? rewritten.document : rewritten.reason
}

const upstream = (image: Partial<UpstreamImage> = {}) =>
  infoJson({ api: 2, width: 2000, height: 3000, ...image }, 'http://up.example/iiif/x/info.json')

describe('readInfo', () => {
  it.each([
    null,
    'text',
    7,
    [],
    {},
    { width: 0, height: 5 },
    { width: '10', height: 10 },
    { width: 10.5, height: 10 },
    { width: -1, height: 10 },
    { width: 1e300, height: 10 },
    { width: 10, height: 10, tiles: 'many' },
    { width: 10, height: 10, tiles: [{ width: 0 }] },
    { width: 10, height: 10, tiles: [{ width: 512, scaleFactors: [0] }] },
    { width: 10, height: 10, sizes: [{ width: 5 }] },
    { '@context': 'http://iiif.io/api/image/1/context.json', width: 10, height: 10 },
    {
      '@context': 'http://library.stanford.edu/iiif/image-api/1.1/context.json',
      width: 1,
      height: 1,
    },
  ])('refuses %j', (document) => expect(readInfo(document, 2).kind).toBe('bad'))

  it('believes the document rather than the manifest about the version', () => {
    expect(readInfo(upstream({ api: 3 }), 2)).toMatchObject({ api: 3, level: 2 })
    expect(readInfo(upstream({ api: 2, level: 1 }), 3)).toMatchObject({ api: 2, level: 1 })
    expect(readInfo({ width: 5, height: 5 }, 3)).toMatchObject({ api: 3, level: 1, tiles: [] })
  })

  it('takes the width of a tile for its height when that is left out', () => {
    const document = { width: 5, height: 5, tiles: [{ width: 256, scaleFactors: [1, 2] }] }
    expect(readInfo(document, 2)).toMatchObject({ tiles: [{ width: 256, height: 256 }] })
  })
})

describe('rewriteInfo', () => {
  it('writes version 2.1', () => {
    expect(ours(upstream({ tile: 1024 }))).toEqual({
      '@context': 'http://iiif.io/api/image/2/context.json',
      '@id': ID,
      protocol: 'http://iiif.io/api/image',
      width: 2000,
      height: 3000,
      sizes: [{ width: 250, height: 375 }],
      tiles: [{ width: 512, height: 512, scaleFactors: [1, 2, 4, 8] }],
      profile: ['http://iiif.io/api/image/2/level2.json'],
    })
  })

  it('writes version 3.0, without the maxWidth of the image server', () => {
    expect(ours(upstream({ api: 3, tile: 256 }), 3)).toEqual({
      '@context': 'http://iiif.io/api/image/3/context.json',
      id: ID,
      type: 'ImageService3',
      protocol: 'http://iiif.io/api/image',
      width: 2000,
      height: 3000,
      sizes: [{ width: 250, height: 375 }],
      tiles: [{ width: 256, height: 256, scaleFactors: [1, 2, 4, 8, 16] }],
      profile: 'level2',
    })
  })

  it('1.6 info.json: lets nothing of the image server through', () => {
    const link = { '@id': 'http://up.example/secret', id: 'http://up.example/secret' }
    const document = {
      ...upstream(),
      ...{
        seeAlso: link,
        partOf: [link],
        service: link,
        logo: link,
        attribution: '<a href="http://up.example">',
      },
      ...{ rights: 'http://up.example', license: 'http://up.example', thumbnail: link, maxArea: 1 },
      profile: ['http://iiif.io/api/image/2/level2.json', { supports: ['x'], service: link }],
      tiles: [{ width: 512, scaleFactors: [1], service: link }],
      sizes: [{ width: 90, height: 135, service: link }],
    }
    expect(JSON.stringify(ours(document))).not.toMatch(
      /up\.example|max[WHA]|service|partOf|seeAlso/,
    )
  })

  it('lists small views of its own when the image server lists none that is small enough', () => {
    expect(ours({ ...upstream(), sizes: [] })).toMatchObject({
      sizes: [
        { width: 63, height: 94 },
        { width: 125, height: 188 },
        { width: 250, height: 375 },
      ],
    })
    expect(ours({ width: 1, height: 1 })).toMatchObject({ sizes: [{ width: 1, height: 1 }] })
  })

  it('halves tiles until they fit the view, and adds levels until the last is one tile', () => {
    const within = { largestView: 256, largestTile: 1024 }
    expect(ours(upstream({ tile: 1024 }), 2, within)).toMatchObject({
      tiles: [{ width: 256, height: 256, scaleFactors: [1, 2, 4, 8, 16] }],
    })
    expect(
      ours({ width: 2000, height: 3000, tiles: [{ width: 2000, height: 16, scaleFactors: [1] }] }),
    ).toMatchObject({ tiles: [{ width: 512, height: 512 }] })
  })

  it('shows a level 0 service as it is when its tiles fit', () => {
    const info = ours(upstream({ level: 0 }))
    expect(info).toMatchObject({
      profile: ['http://iiif.io/api/image/2/level0.json'],
      sizes: [{ width: 250, height: 375 }],
      tiles: [{ width: 512, height: 512, scaleFactors: [1, 2, 4, 8] }],
    })
  })

  it('says why a level 0 service cannot be shown', () => {
    expect(ours(upstream({ level: 0, tile: 1024 }))).toMatch(/tiles of 1024 px cannot be cut/)
    const flat = {
      width: 2000,
      height: 3000,
      profile: 'level0',
      sizes: [{ width: 2000, height: 3000 }],
    }
    expect(ours(flat, 3)).toMatch(/no tiles and no view/)
    expect(ours({ width: 300, height: 400, profile: 'level0' }, 3)).toMatchObject({
      sizes: [{ width: 300, height: 400 }],
    })
  })
})

const pages = [
  [2000, 3000],
  [700, 900],
  [640, 640],
  [1, 1],
  [5000, 400],
  [400, 5000],
  [512, 512],
  [513, 511],
  [1025, 1537],
  [4100, 4100],
  [3001, 1999],
  [641, 641],
] as const

describe.each([2, 3] as const)('OpenSeadragon, given our info.json of version %i,', (api) => {
  describe.each([256, 512, 700, 1024])('of an image server with tiles of %i px', (tile) => {
    it.each(pages)('may have every tile of every level of %i x %i', (width, height) => {
      const page = { width, height }
      for (const within of [limits, { largestView: 256, largestTile: 256 }]) {
        const document = ours(upstream({ api, tile, width, height }), api, within)
        const wanted = viewerRequests(document as unknown as ViewerInfo, api)
        expect(wanted.length).toBeGreaterThan(0)
        for (const segments of wanted) {
          const request = parseImageRequest(segments, api)
          const found = request.kind === 'bad' ? request : resolve(request, page)
          const verdict = found.kind === 'bad' ? found : mayHave(found, page, within)
          expect(verdict, segments.join('/')).toEqual({ kind: 'allowed' })
        }
      }
    })
  })
})
