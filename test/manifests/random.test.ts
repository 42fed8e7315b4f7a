import fc from 'fast-check'
import { expect, it } from 'vitest'
import { imageBases } from '../../src/manifests/bases.ts'
import type { Json } from '../../src/manifests/json.ts'
import { readManifest } from '../../src/manifests/read.ts'
import { rewriteManifest } from '../../src/manifests/rewrite.ts'
import { plainTextWithout } from '../../src/manifests/text.ts'
import { leaks, ORIGIN, rewriting, unescaped } from './corpus.ts'

const HOST = 'img.test'
const bases = imageBases([`https://${HOST}/`])
const limits = { largestView: 640 }

const url = fc
  .constantFrom('a', 'b/full/max/0/default.jpg', 'c#xywh=1,2,3,4', 'm', '')
  .map((path) => `https://${HOST}/${path}`)
const escaping = fc.constantFrom(
  (text: string) => text,
  (text: string) => encodeURIComponent(text),
  (text: string) => encodeURIComponent(encodeURIComponent(text)),
  (text: string) => text.replaceAll('.', '&#46;'),
  (text: string) => text.replaceAll('/', '\\/').replaceAll('t', '\\u0074'),
  (text: string) => `<a href="${text}">${text}</a>`,
  (text: string) => text.replace('img', 'im<i></i>g').replaceAll('<', '&lt;'),
  (text: string) => text.toUpperCase(),
)
const hidden = fc.tuple(escaping, escaping, url).map(([one, two, text]) => `x ${two(one(text))} y`)
const word = fc.constantFrom(
  'Image',
  'dctypes:Image',
  'Choice',
  'SpecificResource',
  'Canvas',
  'Range',
  'Annotation',
  'ImageService3',
  'level0',
  'TextualBody',
  'painting',
  'http://iiif.io/api/image/2/context.json',
)
const key = fc.constantFrom(
  ...'id @id type @type items body resource service thumbnail logo label metadata value target on'.split(
    ' ',
  ),
  ...'source full selector default item images canvases structures ranges annotations'.split(' '),
  ...'otherContent resources within partOf start provider rendering seeAlso summary rights'.split(
    ' ',
  ),
  ...'@context profile chars format motivation requiredStatement placeholderCanvas navDate'.split(
    ' ',
  ),
  '__proto__',
  'constructor',
  HOST,
)
const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    fc.oneof(url, word, hidden, fc.string(), fc.integer(), fc.constant(null), fc.boolean()),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc
      .array(fc.tuple(key, tie('tree')), { maxLength: 6 })
      .map((pairs) => Object.fromEntries(pairs)),
  ),
}))

const image = {
  type: 'Image',
  id: `https://${HOST}/p/full/max/0/default.jpg`,
  service: { id: `https://${HOST}/p`, type: 'ImageService3' },
}
/** A manifest with one good page, and anything at all around, in and beside it. */
const manifest = fc
  .record({ two: fc.boolean(), root: tree, canvas: tree, more: tree, body: tree, structures: tree })
  .map(({ two, root, canvas, more, body, structures }): Json => {
    const good = { id: `https://${HOST}/c`, ...spread(canvas) }
    const annotation = { resource: two ? [image, body] : null, body: [image, body] }
    const version = two ? 2 : 3
    const context = `http://iiif.io/api/presentation/${version}/context.json`
    const page = two
      ? { sequences: [{ canvases: [{ ...good, images: [annotation] }, more] }], items: undefined }
      : { items: [{ ...good, items: [{ items: [annotation, more] }] }, more], sequences: undefined }
    const type = two ? { '@type': 'sc:Manifest', type: undefined } : { type: 'Manifest' }
    const whole = { ...spread(root), '@context': context, ...type, ...page, structures }
    return JSON.parse(JSON.stringify(whole))
  })

function spread(value: Json): object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

it('never throws on any JSON, and says what is wrong', () => {
  fc.assert(
    fc.property(tree, (value) => {
      const reading = readManifest(Buffer.from(JSON.stringify(value)), bases, limits)
      if (reading.kind === 'invalid') expect(reading.reason).toMatch(/^[A-Z].*\.$/s)
    }),
    { numRuns: 2000 },
  )
})

it('never throws on any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(readManifest(bytes, bases, limits).kind).toBe('invalid')
    }),
  )
})

it('1.6 random: never names the image server, and is itself a manifest with as many images', () => {
  let valid = 0
  fc.assert(
    fc.property(manifest, (value) => {
      const reading = readManifest(Buffer.from(JSON.stringify(value)), bases, limits)
      if (reading.kind === 'invalid') return
      valid += 1
      const served = rewriteManifest(reading.manifest, rewriting())
      expect(leaks(served, [HOST])).toEqual([])
      const again = readManifest(Buffer.from(JSON.stringify(served)), imageBases([ORIGIN]), limits)
      if (again.kind === 'invalid') throw new Error(again.reason)
      expect(again.manifest.images).toHaveLength(reading.manifest.images.length)
    }),
    { numRuns: 2000 },
  )
  expect(valid, 'needs valid manifests among the random ones').toBeGreaterThan(500)
})

it('1.6 random: takes the image server out of any text, however it is wrapped', () => {
  const plain = plainTextWithout([HOST])
  const text = fc.array(fc.oneof(hidden, fc.string(), fc.constantFrom('<', '>', '&', '%', ' ')))
  fc.assert(
    fc.property(text, (parts) => {
      const once = plain(parts.join(''))
      expect(unescaped(once).toLowerCase()).not.toContain(HOST)
      expect(plain(once)).toBe(once)
    }),
    { numRuns: 3000 },
  )
})
