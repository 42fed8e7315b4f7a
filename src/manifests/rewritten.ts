/** Rewritten manifests, ready to send: made once for each version and address of Carrel. */

import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { LRUCache } from 'lru-cache'
import { strongEtag } from '../etag.ts'
import type { Barcode } from '../ids.ts'
import type { JsonObject } from './json.ts'

export interface RewrittenManifest {
  readonly bytes: Buffer<ArrayBuffer>
  readonly gzip: Buffer<ArrayBuffer>
  /** A strong entity tag of `bytes`, with its quotes. */
  readonly etag: string
}

/** The version of an item's manifest, with links that begin with `origin`. */
type Rewritten<Answer> = (
  barcode: Barcode,
  version: string,
  origin: string,
) => Promise<Answer | undefined>

const CACHE_BYTES = 64 * 1024 * 1024

/** @param rewrite called once at a time for the same version and origin, and then not again */
export function rewrittenManifests(rewrite: Rewritten<JsonObject>): Rewritten<RewrittenManifest> {
  const cache = new LRUCache<string, RewrittenManifest, Parameters<Rewritten<JsonObject>>>({
    maxSize: CACHE_BYTES,
    sizeCalculation: (made) => made.bytes.length + made.gzip.length,
    fetchMethod: async (_, __, { context }) => {
      const document = await rewrite(...context)
      return document && packed(document)
    },
  })
  return (...context) => cache.fetch(context.join(' '), { context })
}

async function packed(document: JsonObject): Promise<RewrittenManifest> {
  const bytes = Buffer.from(JSON.stringify(document))
  return { bytes, gzip: await promisify(gzip)(bytes), etag: strongEtag(bytes) }
}
