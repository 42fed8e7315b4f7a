import { readdirSync, readFileSync } from 'node:fs'
import { type ImageBases, imageBases } from '../../src/manifests/bases.ts'
import type { Json } from '../../src/manifests/json.ts'
import type { RewriteOptions } from '../../src/manifests/rewrite.ts'

const FOLDER = new URL('../fixtures/manifests/', import.meta.url)

/** The book of 734 pages with PDF, full-text, search and tracking links. */
export const BOOK = '350470000180226-manifest.json'

export interface Sample {
  readonly name: string
  readonly bytes: Buffer
  /** Host names, without ports, of the image services in the file. */
  readonly hosts: readonly string[]
  readonly bases: ImageBases
  /** How many distinct image services the file has; known for all but the book. */
  readonly services: number | undefined
}

/** The 41 real manifests, each with the IIIF_BASE_URL that it needs. */
export function corpus(): Sample[] {
  const rows = readFileSync(new URL('INDEX.tsv', FOLDER), 'utf8').trim().split('\n').slice(1)
  const index = new Map(rows.map((row) => [row.split('\t')[0] ?? '', row.split('\t')]))
  const names = readdirSync(new URL('examples/', FOLDER)).map((name) => `examples/${name}`)
  return [BOOK, ...names].map((name) => {
    const [, , , services, hosts] = index.get(name) ?? []
    const addresses = hosts?.split(' ').map((host) => host.replace(/:\d+$/, ''))
    const needed = addresses ?? ['iiif.wellcomecollection.org']
    return {
      name,
      bytes: readFileSync(new URL(name, FOLDER)),
      hosts: needed.map((host) => host.replace(/:\d+$/, '')),
      bases: imageBases(needed.map((host) => `https://${host}/`)),
      services: services === undefined ? undefined : Number(services),
    }
  })
}

export const ORIGIN = 'https://carrel.test'
export const MANIFEST_URL = `${ORIGIN}/manifests/B1`

export function rewriting(given: Partial<RewriteOptions> = {}): RewriteOptions {
  return {
    manifestUrl: MANIFEST_URL,
    imageUrl: (number) => `${ORIGIN}/iiif/B1/${number}`,
    largestView: 640,
    allowedLinks: [],
    ...given,
  }
}

/** A text after `rounds` rounds of undoing percent, HTML and JSON escapes, written independently. */
export function unescaped(text: string, rounds = 3): string {
  if (rounds === 0) return text
  const once = text
    .replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replace(/%/g, ''), 'hex').toString())
    .replace(/&#(\d+);?/g, (_, code) => String.fromCodePoint(Math.min(Number(code), 0x10ffff)))
    .replace(/&#x([0-9a-f]+);?/gi, (_, hex) =>
      String.fromCodePoint(Math.min(Number.parseInt(hex, 16), 0x10ffff)),
    )
    .replaceAll('&amp;', '&')
    .replaceAll('&sol;', '/')
    .replaceAll('&period;', '.')
    .replaceAll('\\/', '/')
    .replace(/\\u([0-9a-f]{4})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return unescaped(once, rounds - 1)
}

/** Every text in the value, keys included. */
export function texts(value: Json): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [key, ...texts(inner)])
}

/** Addresses of the IIIF vocabulary, which name contexts and profiles and lead to no image. */
const VOCABULARY =
  /^http:\/\/iiif\.io\/api\/(?:presentation\/[23]\/context|image\/[23]\/(?:context|level[012]))\.json$/

/** Texts of a served manifest that name one of the hosts, plainly or escaped. */
export function leaks(served: Json, hosts: readonly string[]): string[] {
  return texts(served)
    .filter((text) => !VOCABULARY.test(text))
    .filter((text) => hosts.some((host) => unescaped(text).toLowerCase().includes(host)))
}
