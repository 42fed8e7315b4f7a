/** Rewritten manifests, ready to send: made once for each version and address of Carrel. */

import { LRUCache } from 'lru-cache'
import type { Barcode } from '../ids.ts'
import type { RewrittenManifest } from './work.ts'

/** The version of an item's manifest, with links that begin with `origin`. */
type Rewritten = (
  barcode: Barcode,
  version: string,
  origin: string,
) => Promise<RewrittenManifest | undefined>

const CACHE_BYTES = 64 * 1024 * 1024

/** @param rewrite called once at a time for the same version and origin, and then not again */
export function rewrittenManifests(rewrite: Rewritten): Rewritten {
  const cache = new LRUCache<string, RewrittenManifest, Parameters<Rewritten>>({
    maxSize: CACHE_BYTES,
    sizeCalculation: ({ bytes, gzip, brotli }) => bytes.length + gzip.length + brotli.length,
    fetchMethod: (_, __, { context }) => rewrite(...context),
  })
  return (...context) => cache.fetch(context.join(' '), { context })
}
