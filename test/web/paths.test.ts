/** What comes over the wire, byte by byte, and what the image server is asked for then. */
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type IiifUpstream, iiifUpstream } from '../support/iiif-upstream.ts'
import { requestBytes, sendRaw } from '../support/raw.ts'
import { addRemoteItem, imagesFrom } from '../support/remote-item.ts'
import { type Site, startSite } from '../support/site.ts'

const IMAGE = { width: 2000, height: 3000, tile: 512 }
const ANN = 'REMOTE_USER: ann'

/** Ann has A on loan, and nobody has B; both have their pages on one recording image server. */
async function library(): Promise<{ site: Site; upstream: IiifUpstream }> {
  const upstream = await iiifUpstream({ api: 3, ...IMAGE })
  onTestFinished(() => upstream.close())
  const site = await startSite({ ini: imagesFrom(upstream) })
  await addRemoteItem(site, upstream, 'A', { api: 3, ...IMAGE, names: ['a-1', 'a-2'] })
  await addRemoteItem(site, upstream, 'B', { api: 3, ...IMAGE, names: ['b-1'] })
  expect((await site.post('ann', '/loan', { barcode: 'A' })).status).toBe(303)
  return { site, upstream }
}

/** Is this one of A's two images, as a tile or a small view that a reader may have? */
function mayBeAsked(target: string): boolean {
  if (/^\/iiif\/a-[12]\/info\.json$/.test(target)) return true
  const image =
    /^\/iiif\/a-[12]\/(?:full|\d+,\d+,(\d+),(\d+))\/\^?(\d+),(\d+)\/!?(?:0|90|180|270)\/(?:default|color|gray|bitonal)\.(?:jpg|png|webp|gif)$/
  const found = image.exec(target)?.slice(1)
  if (found === undefined) return false
  const [w = IMAGE.width, h = IMAGE.height, ...size] = found.map((part) => part && Number(part))
  const isPage = Number(w) > IMAGE.width / 2 && Number(h) > IMAGE.height / 2
  return Math.max(...size.map(Number)) <= (isPage ? 640 : 1024)
}

const TILE = '0,0,512,512/512,512/0/default.jpg'

describe('the path of a request', () => {
  it.each<[string, number, readonly string[]]>([
    [
      'with an encoded slash or dot segments is refused: 1.1 D1, D2',
      400,
      [
        '/iiif/A/B%2F1/full/90,/0/default.jpg',
        '/iiif/A/B%252F1/full/90,/0/default.jpg',
        '/iiif/A/../B/1/info.json',
        '/iiif/A/%2e%2e/B/1/info.json',
        '/iiif/A/.%2E/B/1/info.json',
        '/iiif/A/1/../2/info.json',
        '/iiif/A/..%2fB%2f1/info.json',
        '/iiif/A/..%5cB/1/info.json',
        '/iiif/A/..\\B/1/info.json',
        '/iiif/A/../../../admin',
        '/iiif/A/%2e%2e/%2e%2e/admin',
        '/iiif/A/./1/info.json',
        '/iiif/A%2F1/info.json',
        'http://evil.example/iiif/A/../B/1/info.json',
      ],
    ],
    [
      'with empty segments, control characters, bytes that are not UTF-8 or stray percent signs is refused',
      400,
      [
        '/iiif/A//1/info.json',
        '//iiif/A/1/info.json',
        '/iiif/A/1/info.json%0d%0aX-Evil:%201',
        '/iiif/A/1%00/info.json',
        '/iiif/%ff%fe/1/info.json',
        '/iiif/A/1/%c3/info.json',
        '/iiif/A/1/%c0%ae%c0%ae/info.json',
        '/iiif/A/1/info.json%',
        '/iiif/A/1/info.json%2',
        '/iiif/A/1/info.json#',
        '/iiif/A\u00eb/1/info.json',
        '/iiif/A/1/%7f',
      ],
    ],
    [
      'that is none is refused',
      400,
      [
        '*',
        'A',
        'iiif/A/1/info.json',
        'ftp://x/iiif/A/1/info.json',
        'http://x#/about',
        'http:///about',
      ],
    ],
    [
      'names images by their number in the manifest, and nothing else: 1.1 D1',
      404,
      [
        `/iiif/A/anything/${TILE}`,
        `/iiif/A/b-1/${TILE}`,
        `/iiif/A/a-1/${TILE}`,
        `/iiif/A/3/${TILE}`,
        `/iiif/A/0/${TILE}`,
        `/iiif/A/01/${TILE}`,
        `/iiif/A/%201/${TILE}`,
        `/iiif/A/B!1/${TILE}`,
        `/iiif/A/%d9%a1/${TILE}`,
      ],
    ],
    [
      'is an IIIF request, letter by letter, before anything is asked of the image server: 1.1 D3',
      400,
      [
        '/iiif/A/1/full/90,/0/default.jpg%3Fcache=false',
        '/iiif/A/1/full/90,/0/default.jpg%23x',
        '/iiif/A/1/full/90,/0/default.jpg;x',
        '/iiif/A/1/full/90,/0/default.svg',
        '/iiif/A/1/full/90,/361/default.jpg',
        '/iiif/A/1/full/90%20,/0/default.jpg',
        '/iiif/A/1/full/90,/0',
        '/iiif/A/1/full/90,/0/default.jpg/info.json',
        '/iiif/A/1/INFO.JSON',
        '/iiif/A/1/http:',
      ],
    ],
    [
      'of an item that is not on loan is shut, also under the name of one that is',
      403,
      [
        '/iiif/B/1/info.json',
        `/iiif/B/1/${TILE}`,
        '/manifests/B',
        `/iiif/a/1/${TILE}`,
        `/iiif/%20/1/${TILE}`,
      ],
    ],
    [
      'of a whole page is shut',
      403,
      ['/iiif/A/1/full/max/0/default.jpg', '/iiif/A/1/pct:0,0,60,60/641,/0/default.jpg'],
    ],
    [
      'may be in the absolute form, whose host is ignored, and its query is never passed on',
      200,
      [
        '/iiif/A/1/info.json?t=1&../../b-1',
        `/iiif/A/1/${TILE}?t=1`,
        `http://evil.example/iiif/A/2/${TILE}`,
        'https://evil.example:99/iiif/A/1/info.json?http://evil.example/',
        '/iiif/%41/1/info.json',
      ],
    ],
  ])('1.2 %s', async (_, status, targets) => {
    const { site, upstream } = await library()
    for (const target of targets) {
      const answer = await sendRaw(site.url, requestBytes(`GET ${target}`, ANN))
      expect(answer.status, target).toBe(status)
      expect(answer.whole, target).not.toMatch(/evil\.example|X-Evil/i)
    }
    if (status === 200) expect(upstream.targets.length).toBeGreaterThan(3)
    expect(upstream.targets.filter((target) => !mayBeAsked(target))).toEqual([])
    if (status !== 200)
      expect(upstream.targets.filter((target) => !target.endsWith('info.json'))).toEqual([])
  })

  it('1.2 made up at random asks the image server for nothing but what is on loan', async () => {
    const { site, upstream } = await library()
    const piece = fc.constantFrom(
      ...['A', 'B', '1', '2', '3', 'a-1', 'b-1', 'iiif', 'manifests', 'preview', 'full', 'max'],
      ...['0,0,512,512', '512,512', '90,', ',90', 'pct:50', '!90,90', '^9000,', 'square', '0'],
      ...['default.jpg', 'gray.png', 'info.json', '..', '.', '', '%2e%2e', '..%2fB', 'B%2F1'],
      ...['B%252F1', '%00', '%ff', '\\', '%5c', '?x=/iiif/b-1', '#', ':@evil.example', '1;v=2'],
    )
    const or = (...usual: string[]) =>
      fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...usual) }, piece)
    const likely = fc
      .tuple(
        or('A', 'A', 'B'),
        or('1', '2', '3'),
        or('full', 'square', '0,0,512,512', '9,9,900,900'),
        or('90,', ',640', '512,512', '!900,900', 'max'),
        or('0', '90'),
        or('default.jpg', 'gray.png'),
      )
      .map((pieces) => `/iiif/${pieces.join('/')}`)
    const any = fc.array(piece, { maxLength: 9 }).map((pieces) => `/${pieces.join('/')}`)
    const prefix = fc.constantFrom('', '', '', 'http://evil.example', 'http:/')
    const target = fc.tuple(prefix, fc.oneof(likely, any)).map((parts) => parts.join(''))
    const batches = fc.sample(fc.array(target, { minLength: 25, maxLength: 25 }), {
      numRuns: 40,
      seed: 5,
    })
    const seen = new Map<string, number>()
    for (const targets of batches) {
      const answers = targets.map((one) => sendRaw(site.url, requestBytes(`GET ${one}`, ANN)))
      for (const { status } of await Promise.all(answers)) {
        seen.set(String(status), (seen.get(String(status)) ?? 0) + 1)
      }
    }
    expect([...seen.keys()].sort(), 'needs every kind of answer').toEqual(
      expect.arrayContaining(['200', '400', '403', '404']),
    )
    expect(seen.has('500')).toBe(false)
    expect(upstream.targets.length, 'needs some that were let through').toBeGreaterThan(5)
    expect(upstream.targets.filter((one) => !mayBeAsked(one))).toEqual([])
  })
})
