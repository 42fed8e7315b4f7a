/** Reads and rewrites manifests without holding up whoever reads meanwhile. */

import { Piscina } from 'piscina'
import { SECOND } from '../clock.ts'
import {
  type FactsReading,
  type ManifestRules,
  type ManifestTask,
  type RewrittenManifest,
  readFacts,
  rewriteBytes,
} from './work.ts'

export interface Workshop {
  read(bytes: Uint8Array): Promise<FactsReading>
  rewrite(bytes: Uint8Array, urls: RewriteUrls): Promise<RewrittenManifest>
}

type RewriteUrls = Pick<ManifestTask & { step: 'rewrite' }, 'manifestUrl' | 'imagesUrl'>

/**
 * Bytes. A smaller manifest is done with in some milliseconds, sooner than it has been handed to a
 * thread; a larger one would let every tile of every reader wait.
 */
const LARGE = 256 * 1024
/** The thread goes when it has had nothing to do for so long. */
const IDLE_MS = 10 * SECOND

export function manifestWorkshop(rules: ManifestRules): Workshop {
  const pool = new Piscina<ManifestTask, unknown>({
    filename: new URL('thread.ts', import.meta.url).href,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_MS,
  })
  return {
    read: async (bytes) =>
      bytes.length < LARGE
        ? readFacts(bytes, rules)
        : ((await pool.run({ step: 'read', bytes, rules })) as FactsReading),
    async rewrite(bytes, urls) {
      const task = { step: 'rewrite', bytes, rules, ...urls } as const
      if (bytes.length < LARGE) return rewriteBytes(task)
      const made = (await pool.run(task)) as Passed
      const { bytes: whole, gzip, brotli, etag } = made
      return { bytes: bufferOf(whole), gzip: bufferOf(gzip), brotli: bufferOf(brotli), etag }
    },
  }
}

/** Between threads a Buffer becomes a plain array of bytes. */
type Passed = {
  readonly [Key in keyof RewrittenManifest]: RewrittenManifest[Key] extends string
    ? string
    : Uint8Array<ArrayBuffer>
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>) {
  return Buffer.from(buffer, byteOffset, byteLength)
}
