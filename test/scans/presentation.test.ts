import { describe, expect, it } from 'vitest'
import {
  type PresentationVersion,
  presentation,
  type ScannedBook,
} from '../../src/scans/presentation.ts'

const BASE = 'https://images.carrel.invalid/350/20260102T100000000Z'

function book(pages: number, metadata?: ScannedBook['metadata']): ScannedBook {
  return {
    barcode: '350',
    version: '20260102T100000000Z',
    metadata,
    pages: Array.from({ length: pages }, (_, n) => ({
      name: String(n + 1).padStart(4, '0'),
      label: n === 0 ? 'cover' : String(n),
      width: 1457 + n,
      height: 2083,
    })),
  }
}

interface Node {
  readonly [key: string]: unknown
}

/** A manifest as a reader of the file gets it: what JSON cannot hold is gone. */
function manifest(version: PresentationVersion, of: ScannedBook): Node {
  return JSON.parse(JSON.stringify(presentation(of, version)))
}

function list(value: unknown): Node[] {
  expect(value).toBeInstanceOf(Array)
  return value as Node[]
}

/** Every object in the tree. */
function resources(value: unknown): Node[] {
  if (typeof value !== 'object' || value === null) return []
  const below = Object.values(value).flatMap(resources)
  return Array.isArray(value) ? below : [value as Node, ...below]
}

const languageMap = (text: string, language = 'none') => ({ [language]: [text] })

// What each resource MUST have: https://iiif.io/api/presentation/3.0/
describe('a manifest of IIIF Presentation 3.0', () => {
  const full = manifest(3, book(3, { title: 'Poems', author: 'Ann Yearsley', edition: '' }))
  const canvases = list(full.items)

  it('has its context, id, type, label and canvases (4.6, 5.2)', () => {
    expect(full).toMatchObject({
      '@context': 'http://iiif.io/api/presentation/3/context.json',
      id: `${BASE}/manifest`,
      type: 'Manifest',
      label: languageMap('Poems'),
    })
    expect(Object.keys(full)[0], 'the context comes first (4.6)').toBe('@context')
    expect(canvases).toHaveLength(3)
  })

  it('has a canvas with id, whole sizes above 0 and a label for each page (3.3, 5.3)', () => {
    for (const [n, { id, type, width, height, label }] of canvases.entries()) {
      expect({ id, type }).toEqual({ id: `${BASE}/canvas/${n + 1}`, type: 'Canvas' })
      expect(Number.isInteger(width) && Number(width) > 0).toBe(true)
      expect(Number.isInteger(height) && Number(height) > 0).toBe(true)
      expect(label).toEqual(languageMap(n === 0 ? 'cover' : String(n)))
    }
  })

  it('paints one image on each canvas, targeted at that canvas (5.5, 5.6)', () => {
    for (const [n, canvas] of canvases.entries()) {
      const [page, ...otherPages] = list(canvas.items)
      const [annotation, ...others] = list(page?.items)
      expect([...otherPages, ...others]).toEqual([])
      expect(page?.type).toBe('AnnotationPage')
      expect(annotation).toMatchObject({
        type: 'Annotation',
        motivation: 'painting',
        target: canvas.id,
        body: {
          id: `${BASE}/000${n + 1}/full/max/0/default.jpg`,
          type: 'Image',
          format: 'image/jpeg',
          width: canvas.width,
          height: canvas.height,
          service: [{ id: `${BASE}/000${n + 1}`, type: 'ImageService3', profile: 'level2' }],
        },
      })
    }
  })

  it('has an http id of its own, without a fragment, for everything that has a type (3.2)', () => {
    const typed = resources(full).filter(({ type }) => type !== undefined)
    const ids = typed.map(({ id }) => String(id))
    expect(ids).toHaveLength(1 + 3 * 5)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^https:\/\/images\.carrel\.invalid\/[^#]+$/)
  })

  it('says what is known of the item as pairs of language maps (3.1, 4.4), and nothing empty', () => {
    expect(full.metadata).toEqual([
      { label: languageMap('Title', 'en'), value: languageMap('Poems') },
      { label: languageMap('Author', 'en'), value: languageMap('Ann Yearsley') },
    ])
    expect(manifest(3, book(1))).not.toHaveProperty('metadata')
    expect(manifest(3, book(1)).label).toEqual(languageMap('350'))
  })

  it('is a book to leaf through from three pages on (3.4)', () => {
    expect(full.behavior).toEqual(['paged'])
    expect(manifest(3, book(2))).not.toHaveProperty('behavior')
  })
})

// What each resource MUST have: https://iiif.io/api/presentation/2.1/, section 5
describe('a manifest of IIIF Presentation 2.1', () => {
  const full = manifest(2, book(3, { title: 'Poems', year: '1785', isbnIssn: '0-000' }))

  it('has one sequence of canvases, each with one image of its size (5.1 to 5.4)', () => {
    expect(full).toMatchObject({
      '@context': 'http://iiif.io/api/presentation/2/context.json',
      '@id': `${BASE}/manifest`,
      '@type': 'sc:Manifest',
      label: 'Poems',
      viewingHint: 'paged',
    })
    const [sequence, ...others] = list(full.sequences)
    expect(others).toEqual([])
    expect(sequence?.['@type']).toBe('sc:Sequence')
    expect(list(sequence?.canvases)).toHaveLength(3)
    expect(list(sequence?.canvases)[1]).toEqual({
      '@id': `${BASE}/canvas/2`,
      '@type': 'sc:Canvas',
      label: '1',
      width: 1458,
      height: 2083,
      images: [
        {
          '@id': `${BASE}/canvas/2/annotation`,
          '@type': 'oa:Annotation',
          motivation: 'sc:painting',
          on: `${BASE}/canvas/2`,
          resource: {
            '@id': `${BASE}/0002/full/full/0/default.jpg`,
            '@type': 'dctypes:Image',
            format: 'image/jpeg',
            width: 1458,
            height: 2083,
            service: {
              '@context': 'http://iiif.io/api/image/2/context.json',
              '@id': `${BASE}/0002`,
              profile: 'http://iiif.io/api/image/2/level2.json',
            },
          },
        },
      ],
    })
  })

  it('says what is known of the item as pairs', () => {
    expect(full.metadata).toEqual([
      { label: 'Title', value: 'Poems' },
      { label: 'Year', value: '1785' },
      { label: 'ISBN or ISSN', value: '0-000' },
    ])
  })
})
