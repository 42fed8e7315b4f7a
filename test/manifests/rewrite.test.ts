import { describe, expect, it } from 'vitest'
import { imageBases } from '../../src/manifests/bases.ts'
import { idOf, typeOf } from '../../src/manifests/images.ts'
import { isObject, type Json, type JsonObject, list, objects } from '../../src/manifests/json.ts'
import { canvasesOf } from '../../src/manifests/names.ts'
import { type Manifest, readManifest } from '../../src/manifests/read.ts'
import { rewriteManifest } from '../../src/manifests/rewrite.ts'
import { BOOK, corpus, leaks, MANIFEST_URL, ORIGIN, rewriting, texts } from './corpus.ts'

const samples = corpus()
const limits = { largestView: 640 }

function valid(bytes: Uint8Array, bases = imageBases(['https://img.test/'])): Manifest {
  const reading = readManifest(bytes, bases, limits)
  if (reading.kind === 'invalid') throw new Error(reading.reason)
  return reading.manifest
}

function rewrite(document: Json, allowedLinks: string[] = []): JsonObject {
  const manifest = valid(Buffer.from(JSON.stringify(document)))
  return rewriteManifest(manifest, rewriting({ allowedLinks }))
}

function nodes(value: Json): JsonObject[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.values(value).flatMap(nodes)
  return isObject(value) ? [value, ...inner] : inner
}

function services(served: Json): JsonObject[] {
  return nodes(served).filter((node) => /^ImageService[23]$/.test(typeOf(node)))
}

/** Ranges as lists of canvas positions, so that two manifests can be compared. */
function contents(document: JsonObject): Json {
  const order = canvasesOf(document).map(idOf)
  const ranges = nodes(document.structures ?? []).filter((node) => typeOf(node) === 'Range')
  const place = (text: string) => {
    const whole = order.indexOf(text)
    const part = text.slice(text.lastIndexOf('#'))
    return whole === -1 ? `${order.indexOf(text.slice(0, text.lastIndexOf('#')))}${part}` : whole
  }
  return ranges.map((range) => [
    ...list(range.canvases).map((id) => place(String(id))),
    ...list(range.ranges).map((id) => ranges.findIndex((one) => idOf(one) === id)),
    ...objects(range.items)
      .filter((item) => typeOf(item) === 'Canvas')
      .map((item) => place(idOf(item))),
  ])
}

describe.each(samples)('the real manifest $name', ({ bytes, hosts, bases, services: count }) => {
  const manifest = valid(bytes, bases)
  const served = rewriteManifest(manifest, rewriting())

  it('1.6 corpus: names no image server and no upstream service, escaped or not', () => {
    expect(leaks(manifest.document, hosts), 'needs something to hide').not.toEqual([])
    expect(leaks(served, hosts)).toEqual([])
    const all = JSON.stringify(served)
    expect(manifest.images.filter((image) => all.includes(image.id))).toEqual([])
  })

  it('1.6 corpus: keeps the canvases, their sizes and their order', () => {
    const before = canvasesOf(manifest.document)
    const after = canvasesOf(served)
    expect(after).toHaveLength(manifest.canvases)
    const sizes = (all: JsonObject[]) => all.map((one) => [Number(one.width), Number(one.height)])
    expect(sizes(after)).toEqual(sizes(before))
    // Some real manifests give one id to several canvases: they stay one.
    const ids = before.map(idOf)
    const first = ids.map((id, i) => (id === '' ? i : ids.indexOf(id)))
    expect(after.map(idOf)).toEqual(first.map((i) => `${MANIFEST_URL}/canvas/${i + 1}`))
  })

  it('1.6 corpus: keeps the table of contents', () => {
    expect(contents(served)).toEqual(contents(manifest.document))
  })

  it('1.6 corpus: serves each image from our address, numbered from 1, under its own URL as id', () => {
    const asked = new Set(services(served).map(idOf))
    const ours = manifest.images.map(({ number }) => `${ORIGIN}/iiif/B1/${number}`)
    expect([...asked].toSorted()).toEqual(ours.toSorted())
    if (count !== undefined) expect(manifest.images).toHaveLength(count)
    expect(idOf(served)).toBe(MANIFEST_URL)
  })

  it('has no link but ours, and those to licences', () => {
    const links = new Map(nodes(served).map((node) => [idOf(node), node]))
    for (const id of links.keys()) if (id !== '') expect(id.startsWith(`${ORIGIN}/`), id).toBe(true)
  })

  it('comes out the same when rewritten twice', () => {
    const again = valid(Buffer.from(JSON.stringify(served)), imageBases([ORIGIN]))
    expect(rewriteManifest(again, rewriting())).toEqual(served)
  })
})

it('shows no PDF, full text, search or tracking link of the book of 734 pages', () => {
  const sample = samples.find(({ name }) => name === BOOK)
  const manifest = valid(sample?.bytes ?? Buffer.alloc(0), sample?.bases)
  const served = rewriteManifest(manifest, rewriting())
  const ways =
    /^(?:rendering|seeAlso|otherContent|related|trackingLabel)$|\/pdf\/|\/text\/|\/search\//
  const found = (value: Json) => texts(value).filter((text) => ways.test(text))
  expect(found(manifest.document).length, 'needs links to hide').toBeGreaterThan(1000)
  expect(found(served)).toEqual([])
  const pages = canvasesOf(served).map((canvas) => services(canvas).length)
  expect(pages).toEqual(new Array(734).fill(2))
})

const service3 = (name: string) => ({
  id: `https://img.test/${name}`,
  type: 'ImageService3',
  profile: 'level2',
})
const image3 = (name: string) => ({
  id: `https://img.test/${name}/full/max/0/default.jpg`,
  type: 'Image',
  service: [service3(name)],
})

function book(
  extra: JsonObject = {},
  canvas: JsonObject = {},
  body: Json = image3('a'),
): JsonObject {
  return {
    '@context': 'http://iiif.io/api/presentation/3/context.json',
    id: 'https://img.test/m',
    type: 'Manifest',
    label: { en: ['A book'] },
    ...extra,
    items: [
      {
        id: 'https://img.test/c1',
        type: 'Canvas',
        width: 10,
        height: 20,
        ...canvas,
        items: [
          {
            id: 'https://img.test/p1',
            type: 'AnnotationPage',
            items: [
              {
                id: 'https://img.test/a1',
                type: 'Annotation',
                motivation: 'painting',
                body,
                target: 'https://img.test/c1#xywh=0,0,5,5',
              },
            ],
          },
        ],
      },
    ],
  }
}

describe('rewriting', () => {
  it('leaves its input as it was', () => {
    const manifest = valid(Buffer.from(JSON.stringify(book())))
    const before = structuredClone(manifest.document)
    rewriteManifest(manifest, rewriting())
    expect(manifest.document).toEqual(before)
  })

  it('turns a painted image into ours, at the largest view', () => {
    const [canvas] = canvasesOf(rewrite(book()))
    const annotation = nodes(canvas ?? {}).find((node) => typeOf(node) === 'Annotation')
    expect(annotation).toEqual({
      id: `${MANIFEST_URL}/annotation/1`,
      type: 'Annotation',
      motivation: 'painting',
      body: {
        id: `${ORIGIN}/iiif/B1/1/full/!640,640/0/default.jpg`,
        type: 'Image',
        format: 'image/jpeg',
        service: [{ id: `${ORIGIN}/iiif/B1/1`, type: 'ImageService3', profile: 'level2' }],
      },
      target: `${MANIFEST_URL}/canvas/1#xywh=0,0,5,5`,
    })
  })

  it('serves an image without a service whole', () => {
    const body = { id: 'https://img.test/p.png', type: 'Image', width: 300, height: 400 }
    const [image] = nodes(rewrite(book({}, {}, body))).filter((node) => typeOf(node) === 'Image')
    expect(image?.id).toBe(`${ORIGIN}/iiif/B1/1/full/max/0/default.jpg`)
    expect(image).not.toHaveProperty('service')
  })

  it('keeps every image of a choice', () => {
    const served = rewrite(book({}, {}, { type: 'Choice', items: [image3('a'), image3('b')] }))
    expect(services(served).map(idOf)).toEqual([`${ORIGIN}/iiif/B1/1`, `${ORIGIN}/iiif/B1/2`])
  })

  it.each([
    'rendering',
    'seeAlso',
    'homepage',
    'related',
    'service',
    'services',
    'partOf',
    'within',
  ])('drops %s unless its address is allowed', (key) => {
    const links = [
      { id: 'https://catalogue.test/b/1', type: 'Text', label: 'Catalogue' },
      { id: 'https://catalogue.test/b2', type: 'Text' },
      { id: 'https://catalogue.test.evil.test/b/1', type: 'Text' },
    ]
    expect(rewrite(book({ [key]: links }))).not.toHaveProperty(key)
    expect(rewrite(book({ [key]: links }), ['https://catalogue.test/b'])[key]).toEqual([links[0]])
  })

  it('keeps notes that are written out, as plain text, and drops those that are only linked', () => {
    const annotations = [
      { id: 'https://img.test/linked', type: 'AnnotationPage' },
      {
        id: 'https://img.test/written',
        type: 'AnnotationPage',
        items: [
          {
            id: 'https://img.test/n1',
            type: 'Annotation',
            motivation: 'commenting',
            body: {
              type: 'TextualBody',
              format: 'text/html',
              value: '<b>See</b> <a href="x">it</a>',
            },
            target: 'https://img.test/c1',
          },
          {
            id: 'https://img.test/n2',
            type: 'Annotation',
            motivation: 'linking',
            body: { id: 'https://img.test/book.pdf', type: 'Text' },
            target: 'https://img.test/c1',
          },
        ],
      },
    ]
    const [canvas] = canvasesOf(rewrite(book({}, { annotations })))
    expect(canvas?.annotations).toEqual([
      {
        id: `${MANIFEST_URL}/page/1`,
        type: 'AnnotationPage',
        items: [
          {
            id: `${MANIFEST_URL}/annotation/1`,
            type: 'Annotation',
            motivation: 'commenting',
            body: { type: 'TextualBody', format: 'text/plain', value: 'See it' },
            target: `${MANIFEST_URL}/canvas/1`,
          },
        ],
      },
    ])
  })

  it('1.6 HTML: strips markup from words and takes the image server out of them', () => {
    const value = {
      en: [
        '<span>Free <a href="https://other.test/x">to use</a></span>',
        'See https://img.test/b/1 there',
        'At https%3A%2F%2Fimg&#46;test%2Fb there',
        'a < b &amp; c',
        'img<b></b>.test/x',
      ],
    }
    const served = rewrite(book({ metadata: [{ label: { en: ['Terms'] }, value }] }))
    expect(objects(served.metadata)[0]?.value).toEqual({
      en: ['Free to use', 'See there', 'At there', 'a < b & c', ''],
    })
  })

  it('keeps licences, dates, direction and behaviour', () => {
    const kept = {
      rights: 'http://creativecommons.org/licenses/by/4.0/',
      navDate: '1823-01-01T00:00:00Z',
      viewingDirection: 'right-to-left',
      behavior: ['paged'],
    }
    expect(rewrite(book(kept))).toMatchObject(kept)
  })

  it('drops a foreign logo and keeps one that is an image service of ours', () => {
    const provider = (logo: Json) => [
      { id: 'https://lib.test', type: 'Agent', label: { en: ['Library'] }, logo },
    ]
    const foreign = { id: 'https://cdn.test/logo.png', type: 'Image' }
    expect(objects(rewrite(book({ provider: provider([foreign]) })).provider)[0]).toEqual({
      id: `${MANIFEST_URL}/agent/1`,
      type: 'Agent',
      label: { en: ['Library'] },
    })
    expect(services(rewrite(book({ provider: provider([image3('logo')]) })))).toHaveLength(2)
  })

  it('names a level 0 thumbnail by a size that its server has', () => {
    const thumbnail = [
      {
        id: 'https://img.test/t.jpg',
        type: 'Image',
        service: [
          {
            ...service3('t'),
            profile: 'level0',
            sizes: [
              { width: 100, height: 150 },
              { width: 400, height: 600 },
              { width: 800, height: 1200 },
            ],
          },
        ],
      },
    ]
    const served = objects(rewrite(book({ thumbnail })).thumbnail)[0]
    expect(served?.id).toBe(`${ORIGIN}/iiif/B1/1/full/400,600/0/default.jpg`)
  })

  it('leaves out what it does not know', () => {
    const strange = {
      constructor: 'x',
      tracking: 'https://t.test',
      'x:pdf': { id: 'https://p.test' },
    }
    const served = rewrite(book(strange))
    for (const key of Object.keys(strange)) expect(Object.hasOwn(served, key)).toBe(false)
  })
})
