/** What takes long with a large manifest, as one step from bytes to what is kept of it. */

import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { strongEtag } from '../etag.ts'
import type { ImageBases } from './bases.ts'
import { type ManifestImage, readManifest } from './read.ts'
import { rewriteManifest } from './rewrite.ts'

/** What the server goes by: all of the manifest but the document itself. */
export interface ManifestFacts {
  /** Image N is at index N - 1. */
  readonly images: readonly ManifestImage[]
  /** Pages of the book. */
  readonly canvases: number
}

export type FactsReading =
  | { readonly kind: 'valid'; readonly manifest: ManifestFacts }
  /** One or more sentences for staff. */
  | { readonly kind: 'invalid'; readonly reason: string }

/** A manifest as readers get it, ready to send. */
export interface RewrittenManifest {
  readonly bytes: Buffer<ArrayBuffer>
  readonly gzip: Buffer<ArrayBuffer>
  readonly brotli: Buffer<ArrayBuffer>
  /** A strong entity tag of `bytes`, with its quotes. */
  readonly etag: string
}

export interface ManifestRules {
  readonly bases: ImageBases
  /** Pixels a side at which a whole page may be shown. */
  readonly largestView: number
  /** Addresses that links in a manifest may lead to. */
  readonly allowedLinks: readonly string[]
}

/** A thread takes what is passed by value, so there are no functions here. */
export type ManifestTask =
  | { readonly step: 'read'; readonly bytes: Uint8Array; readonly rules: ManifestRules }
  | {
      readonly step: 'rewrite'
      readonly bytes: Uint8Array
      readonly rules: ManifestRules
      readonly manifestUrl: string
      /** The address of the images, before `/N`. */
      readonly imagesUrl: string
    }

export function readFacts(bytes: Uint8Array, rules: ManifestRules): FactsReading {
  const reading = readManifest(bytes, rules.bases, rules)
  if (reading.kind === 'invalid') return reading
  const { images, canvases } = reading.manifest
  return { kind: 'valid', manifest: { images, canvases } }
}

/** @throws Error when the bytes are no valid manifest: they are expected to have been read before */
export async function rewriteBytes(
  task: ManifestTask & { step: 'rewrite' },
): Promise<RewrittenManifest> {
  const { bytes: source, rules, manifestUrl, imagesUrl } = task
  const reading = readManifest(source, rules.bases, rules)
  if (reading.kind === 'invalid') throw new Error(reading.reason)
  const document = rewriteManifest(reading.manifest, {
    manifestUrl,
    imageUrl: (number) => `${imagesUrl}/${number}`,
    largestView: rules.largestView,
    allowedLinks: rules.allowedLinks,
  })
  const bytes = Buffer.from(JSON.stringify(document))
  const [gzipped, brotli] = await Promise.all([
    promisify(gzip)(bytes),
    // Level 5 makes half of gzip's bytes in gzip's time: the same addresses come over and over.
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  ])
  return { bytes, gzip: gzipped, brotli, etag: strongEtag(bytes) }
}
