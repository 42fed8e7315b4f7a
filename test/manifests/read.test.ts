import { describe, expect, it } from 'vitest'
import { imageBases } from '../../src/manifests/bases.ts'
import type { Json, JsonObject } from '../../src/manifests/json.ts'
import {
  LARGEST_MANIFEST,
  type ManifestImage,
  type ManifestReading,
  readManifest,
} from '../../src/manifests/read.ts'

const bases = imageBases(['https://img.test/iiif', 'http://other.test:8182/'])

function read(value: Json | Uint8Array | string, largestView = 640): ManifestReading {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return readManifest(value instanceof Uint8Array ? value : Buffer.from(text), bases, {
    largestView,
  })
}

function reason(value: Json | Uint8Array | string): string {
  const reading = read(value)
  return reading.kind === 'invalid' ? reading.reason : 'valid'
}

function images(value: Json): readonly ManifestImage[] {
  const reading = read(value)
  if (reading.kind === 'invalid') throw new Error(reading.reason)
  return reading.manifest.images
}

const CONTEXT3 = 'http://iiif.io/api/presentation/3/context.json'
const CONTEXT2 = 'http://iiif.io/api/presentation/2/context.json'

function version3(body: Json, extra: JsonObject = {}, canvas: JsonObject = {}): JsonObject {
  const annotation = { id: 'a', type: 'Annotation', motivation: 'painting', body, target: 'c' }
  const page = { id: 'p', type: 'AnnotationPage', items: [annotation] }
  const items = [{ id: 'c', type: 'Canvas', ...canvas, items: [page] }]
  return { '@context': CONTEXT3, id: 'm', type: 'Manifest', items, ...extra }
}

function version2(resource: Json, extra: JsonObject = {}): JsonObject {
  const images = [{ '@type': 'oa:Annotation', motivation: 'sc:painting', resource, on: 'c' }]
  const sequences = [{ '@type': 'sc:Sequence', canvases: [{ '@id': 'c', images }] }]
  return { '@context': CONTEXT2, '@id': 'm', '@type': 'sc:Manifest', sequences, ...extra }
}

const service = (id: string) => ({ id, type: 'ImageService3', profile: 'level1' })
const image = (id: string) => ({
  id: `${id}/full/max/0/default.jpg`,
  type: 'Image',
  service: [service(id)],
})
const A = 'https://img.test/iiif/a'

describe('a file that is not a manifest', () => {
  it.each<[string, Json | Uint8Array | string, RegExp]>([
    ['is empty', '', /empty/],
    ['is half written', JSON.stringify(version3(image(A))).slice(0, 200), /half written .*cut off/],
    ['stops inside a word', '{"a": tru', /ends in the middle/],
    ['is not JSON', '{\n  "a": 1,\n  b: 2}', /not JSON: see line 3, column 3/],
    ['has a stray word', '{\n  "a": x}', /not JSON: see line 2, column 8/],
    ['is HTML', '<html><body>Not found</body></html>', /not JSON: see line 1, column 1/],
    ['is not UTF-8', Buffer.from('{"label":\n"it\x92s"}', 'latin1'), /not UTF-8 .*line 2/],
    ['is no object', [1, 2], /not an object/],
    ['is null', 'null', /not an object/],
    ['nests 10 000 deep', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, /200 levels/],
    ['has no context', { label: 'x' }, /neither/],
    ['is of version 1', { '@context': 'http://www.shared-canvas.org/ns/context.json' }, /neither/],
    ['is of version 4', { '@context': CONTEXT3.replace('3', '4'), items: [] }, /neither/],
    ['is a collection', { '@context': CONTEXT3, type: 'Collection', items: [] }, /collection/],
    ['mixes versions', version3(image(A), { sequences: [] }), /mixes .* 2 and 3/],
    ['mixes contexts', version3(image(A), { '@context': [CONTEXT2, CONTEXT3] }), /mixes/],
    ['has no canvases', version3(image(A), { items: [] }), /no canvases/],
    ['has canvases that are no objects', version3(image(A), { items: ['c'] }), /no canvases/],
    ['has no image', version3([]), /No canvas .* shows an image/],
    [
      'has only a thumbnail',
      version3([], { thumbnail: [image(A)] }),
      /No canvas .* shows an image/,
    ],
    ['has an empty id', version3({ id: '', type: 'Image', service: [service('')] }), /No canvas/],
    ['has only a film', version3({ id: `${A}.mp4`, type: 'Video' }), /No canvas/],
  ])('4.4 invalid: that %s is refused in words', (_, value, words) => {
    expect(reason(value)).toMatch(words)
  })

  it('4.4 invalid: that is larger than 64 MB is refused in words', () => {
    expect(reason(Buffer.alloc(LARGEST_MANIFEST + 1, ' '))).toMatch(/larger than 64 MB/)
  })

  it('is read with a byte order mark', () => {
    expect(read(`\ufeff${JSON.stringify(version3(image(A)))}`).kind).toBe('valid')
  })

  it('4.4 __proto__ and duplicate keys: cannot change what all objects inherit', () => {
    const text = JSON.stringify(version3(image(A))).replace(
      '{',
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},',
    )
    expect(read(text).kind).toBe('valid')
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})

describe('images', () => {
  it('are numbered from 1 in document order, each once, thumbnails too', () => {
    const twice = { type: 'Choice', items: [image(A), image('https://img.test/iiif/b'), image(A)] }
    const document = version3(twice, {}, { thumbnail: [image('https://img.test/iiif/t')] })
    expect(images(document)).toEqual([
      { number: 1, kind: 'service', api: 3, id: 'https://img.test/iiif/t' },
      { number: 2, kind: 'service', api: 3, id: A },
      { number: 3, kind: 'service', api: 3, id: 'https://img.test/iiif/b' },
    ])
  })

  it.each<[string, Json, JsonObject]>([
    ['a service in an array', { service: [service(A)] }, { kind: 'service', api: 3, id: A }],
    ['a service on its own', { service: service(`${A}/`) }, { kind: 'service', api: 3, id: A }],
    [
      'a bare string that its URL asks',
      { id: `${A}/full/full/0/native.jpg`, service: A },
      { kind: 'service', api: 2, id: A },
    ],
    [
      'a service by @id and context',
      { service: { '@context': 'http://iiif.io/api/image/2/context.json', '@id': A } },
      { kind: 'service', api: 2, id: A },
    ],
    [
      'a service of Image API 1',
      {
        service: {
          '@id': A,
          profile: 'http://library.stanford.edu/iiif/image-api/1.1/compliance.html#level1',
        },
      },
      { kind: 'service', api: 2, id: A },
    ],
    [
      'the image service among others',
      { service: ['https://img.test/iiif/login', { id: 'x', profile: 'login' }, service(A)] },
      { kind: 'service', api: 3, id: A },
    ],
    [
      'a service by http where the base says https',
      { service: { ...service('http://img.test/iiif/a'), width: 300, height: 400 } },
      { kind: 'service', api: 3, id: 'http://img.test/iiif/a', width: 300, height: 400 },
    ],
    [
      'an id with %2F, a colon, an exclamation mark and a blank',
      { service: service('http://other.test:8182/x%2Fy:z!1 2') },
      { kind: 'service', api: 3, id: 'http://other.test:8182/x%2Fy:z!1%202' },
    ],
    [
      'no service',
      { id: `${A}.png`, width: 300, height: '400' },
      { kind: 'plain', id: `${A}.png`, width: 300, height: 400 },
    ],
    [
      'a service of a local image',
      { service: service('https://images.carrel.invalid/B1/20260102/p1') },
      { kind: 'service', api: 3, id: 'https://images.carrel.invalid/B1/20260102/p1' },
    ],
  ])('may have %s', (_, body, expected) => {
    expect(images(version3({ type: 'Image', ...(body as JsonObject) }))).toEqual([
      { number: 1, ...expected },
    ])
    expect(images(version2({ '@type': 'dctypes:Image', ...(body as JsonObject) }))).toEqual([
      { number: 1, ...expected },
    ])
  })

  it('are one when http and https name them', () => {
    expect(images(version3([image(A), image(A.replace('https', 'http'))]))).toHaveLength(1)
  })

  it('may be written with escaped slashes', () => {
    const text = JSON.stringify(version3(image(A))).replaceAll('/', '\\/')
    expect(read(text)).toMatchObject({ kind: 'valid', manifest: { images: [{ id: A }] } })
  })

  it.each([
    ['another host', 'https://foreign.test/iiif/a', 'foreign.test'],
    [
      'a host that only begins like ours',
      'https://img.test.evil.test/iiif/a',
      'img.test.evil.test',
    ],
    ['another port', 'https://img.test:8443/iiif/a', 'img.test:8443'],
    ['a path that only begins like ours', 'https://img.test/iiif-secret/a', 'img.test'],
    ['a path that climbs out', 'https://img.test/iiif/%2e%2e/secret', 'img.test'],
    ['an encoded path that climbs out', 'https://img.test/iiif/a%2f..%2f..%2fb', 'img.test'],
  ])('at %s make the manifest invalid, in words that name the host', (_, id, host) => {
    expect(reason(version3(image(id)))).toContain(`at ${host} `)
    expect(reason(version3(image(A), { thumbnail: [image(id)] }))).toContain('IIIF_BASE_URL')
    expect(reason(version2({ '@id': `${id}.jpg`, '@type': 'dctypes:Image' }))).toContain(host)
  })

  it('in a foreign logo are left out and do no harm', () => {
    expect(images(version3(image(A), { logo: image('https://foreign.test/logo') }))).toHaveLength(1)
  })

  it('without a service must be within the largest view', () => {
    const large = { id: `${A}.png`, type: 'Image', width: 2000, height: 3000 }
    expect(reason(version3(large))).toMatch(/no image service and is 2000 by 3000 pixels/)
    expect(read(version3(large), 3000).kind).toBe('valid')
  })

  it('of level 0 must have tiles within the largest view', () => {
    const level0 = { ...service(A), profile: 'level0', tiles: [{ width: 1024, scaleFactors: [1] }] }
    expect(reason(version3({ type: 'Image', service: level0 }))).toMatch(
      /level 0 with tiles of 1024 .* LARGEST_VIEW \(640\) to 1024/,
    )
    expect(read(version3({ type: 'Image', service: level0 }), 1024).kind).toBe('valid')
  })
})

describe('IIIF_BASE_URL', () => {
  it.each(['img.test', 'ftp://img.test', 'https://user:word@img.test/'])('refuses %s', (text) => {
    expect(() => imageBases([text])).toThrow(text)
  })

  it('may be empty: local images are always allowed', () => {
    expect(imageBases([])).toHaveLength(1)
  })
})
