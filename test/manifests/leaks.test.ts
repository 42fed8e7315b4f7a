import { describe, expect, it } from 'vitest'
import { imageBases } from '../../src/manifests/bases.ts'
import { isObject, type Json, type JsonObject } from '../../src/manifests/json.ts'
import { readManifest } from '../../src/manifests/read.ts'
import { rewriteManifest } from '../../src/manifests/rewrite.ts'
import { leaks, rewriting } from './corpus.ts'

const HOSTS = ['img.test']
const bases = imageBases(['https://img.test/iiif'])

const image = {
  id: 'https://img.test/iiif/a/full/max/0/default.jpg',
  type: 'Image',
  width: 10,
  height: 20,
  service: [{ id: 'https://img.test/iiif/a', type: 'ImageService3', profile: 'level2' }],
}
const image2 = {
  '@id': 'https://img.test/iiif/a/full/full/0/default.jpg',
  '@type': 'dctypes:Image',
  service: {
    '@context': 'http://iiif.io/api/image/2/context.json',
    '@id': 'https://img.test/iiif/a',
    profile: 'http://iiif.io/api/image/2/level2.json',
  },
}

/** A book of one page, with more at each of its levels. */
function book(version: 2 | 3, more: JsonObject): JsonObject {
  const id = version === 2 ? '@id' : 'id'
  const at = (name: string) => ({ [id]: `https://img.test/${name}` })
  if (version === 3) {
    const body = { ...image, ...more, service: image.service }
    const target = 'https://img.test/c1'
    const painting = {
      ...at('a1'),
      type: 'Annotation',
      motivation: 'painting',
      ...more,
      body,
      target,
    }
    const page = { ...at('p1'), type: 'AnnotationPage', items: [painting] }
    const canvas = { ...at('c1'), type: 'Canvas', width: 10, height: 20, ...more, items: [page] }
    return {
      '@context': 'http://iiif.io/api/presentation/3/context.json',
      ...at('m'),
      type: 'Manifest',
      label: { en: ['A book'] },
      ...more,
      items: [canvas],
    }
  }
  const resource = { ...image2, ...more, service: image2.service }
  const on = 'https://img.test/c1'
  const painting = { '@type': 'oa:Annotation', motivation: 'sc:painting', ...more, resource, on }
  const canvas = {
    ...at('c1'),
    '@type': 'sc:Canvas',
    label: '1',
    width: 10,
    height: 20,
    ...more,
    images: [painting],
  }
  return {
    '@context': 'http://iiif.io/api/presentation/2/context.json',
    ...at('m'),
    '@type': 'sc:Manifest',
    label: 'A book',
    ...more,
    sequences: [{ '@type': 'sc:Sequence', ...more, canvases: [canvas] }],
  }
}

/** Every key that real manifests have with an address of the image server under it. */
const KEYS = [
  ...['service', 'services', 'thumbnail', 'seeAlso', 'otherContent', 'within', 'partOf'],
  ...['annotations', 'rendering', 'metadata', 'logo', 'supplementary', 'related', 'homepage'],
  ...['accompanyingCanvas', 'placeholderCanvas', 'provider', 'license', 'rights', 'start'],
  ...['startCanvas', 'description', 'summary', 'attribution', 'requiredStatement', 'value'],
  ...['search', 'auth', 'structures', 'tracking', 'layer', 'contentLayer', 'profile', 'format'],
]

const URLS = [
  'https://img.test/iiif/a/secret.pdf',
  'HTTP://IMG.TEST:80/x',
  '//img.test/x',
  'https:\\/\\/img.test\\/x',
  'https%3A%2F%2Fimg%2Etest%2Fx',
  'https&#58;//img&#x2e;test/x',
]

/** The shapes that such an address comes in. */
function shapes(url: string): Json[] {
  const both = { id: url, '@id': url }
  return [
    url,
    [url],
    { ...both, type: 'Text', format: 'application/pdf', label: { en: [`At ${url}`] } },
    [{ ...both, '@type': 'sc:AnnotationList', type: 'AnnotationPage' }],
    { ...both, '@context': 'http://iiif.io/api/search/1/context.json', profile: url },
    { ...both, type: 'SearchService2', service: [{ ...both, type: 'AuthCookieService1' }] },
    { ...both, type: 'AuthProbeService2', service: { ...both, service: { ...both } } },
    { en: [`<a href="${url}">here</a> and ${url}`] },
    [{ label: `At ${url}`, value: `<img src='${url}'>` }],
    [{ label: { en: [url] }, value: { en: [`See <b>${url}</b>`] } }],
    { ...both, type: 'Canvas', items: [{ ...both, type: 'AnnotationPage', items: [both] }] },
  ]
}

function served(document: JsonObject): JsonObject | undefined {
  const reading = readManifest(Buffer.from(JSON.stringify(document)), bases, { largestView: 640 })
  return reading.kind === 'invalid' ? undefined : rewriteManifest(reading.manifest, rewriting())
}

describe.each([2, 3] as const)('a manifest of version %i', (version) => {
  it.each(KEYS)(
    '1.6 keys: no address of the image server is left under %s, in any shape',
    (key) => {
      let rewritten = 0
      for (const value of URLS.flatMap(shapes)) {
        const document = book(version, { [key]: value })
        expect(leaks(document, HOSTS), 'needs something to hide').not.toEqual([])
        const result = served(document)
        if (result === undefined) continue
        rewritten++
        expect(isObject(result)).toBe(true)
        expect(leaks(result, HOSTS), JSON.stringify(value)).toEqual([])
      }
      expect(rewritten, 'needs manifests that are good otherwise').toBeGreaterThan(20)
    },
  )
})
