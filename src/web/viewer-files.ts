import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { strongEtag } from '../etag.ts'
import { type Asset, toAsset } from './asset.ts'
import { imageBookStyles } from './viewer-styles.ts'

export interface ViewerFiles {
  /**
   * Part of the address, so that a file never changes there: the version of the installed package,
   * and a digest of the style sheet, which is made here.
   */
  version: string
  /** Names of the scripts that an image book needs, `index.js` first. */
  modules: string[]
  /** By name. */
  files: ReadonlyMap<string, Asset>
}

/**
 * Reads the few files of Universal Viewer that an image book needs: its scripts, one joined
 * `uv.css`, and `LICENSE.txt`. Nothing else of the package can be asked for. Takes 1.7 MB of memory.
 * Throws when the package is absent, or no longer built the way that this file expects.
 */
export async function viewerFiles(options: { packageDir?: string } = {}): Promise<ViewerFiles> {
  const dir = options.packageDir ?? installedPackage()
  const esm = join(dir, 'dist/esm')
  const manifest: { version: string } = JSON.parse(
    await readFile(join(dir, 'package.json'), 'utf8'),
  )
  const scripts = await imageBookScripts(esm)
  const styles = Buffer.from(await imageBookStyles(dir))
  const files = new Map<string, Asset>()
  const add = (name: string, type: string, bytes: Buffer<ArrayBuffer>) =>
    files.set(name, toAsset(`${type}; charset=utf-8`, bytes))
  for (const [name, bytes] of scripts) add(name, 'text/javascript', bytes)
  add('uv.css', 'text/css', styles)
  add('LICENSE.txt', 'text/plain', await readFile(join(dir, 'LICENSE.txt')))
  return {
    version: `${manifest.version}-${strongEtag(styles).slice(1, 9)}`,
    modules: [...scripts.keys()],
    files,
  }
}

/** `import.meta.resolve` would need the package's `main`, which is of no use to a server. */
function installedPackage(): string {
  return fileURLToPath(new URL('../../node_modules/universalviewer', import.meta.url))
}

/**
 * What Universal Viewer loads at run time for an image book: the IIIF content handler, English,
 * and, of its "extensions" by kind of media, the one around OpenSeadragon.
 */
const LAZY_IMPORTS = [
  /import\("\.\/(IIIFContentHandler-\w+\.js)"\)/g,
  /import\("\.\/(en-GB-\w+\.js)"\)/g,
  /"uv-openseadragon-extension",loader:\(\)=>import\("\.\/([\w-]+\.js)"\)/g,
]
const STATIC_IMPORT = /(?:from|import)"\.\/([\w.-]+\.js)"/g

/** Follows imports from `index.js`: every static one, and the lazy ones of an image book. */
async function imageBookScripts(esm: string): Promise<Map<string, Buffer<ArrayBuffer>>> {
  const scripts = new Map<string, Buffer<ArrayBuffer>>()
  const missing = new Set(LAZY_IMPORTS)
  const waiting = ['index.js']
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    if (scripts.has(name)) continue
    const bytes = await readFile(join(esm, name))
    const text = bytes.toString('utf8')
    scripts.set(name, bytes)
    waiting.push(...captured(text, STATIC_IMPORT))
    for (const pattern of LAZY_IMPORTS) {
      const found = captured(text, pattern)
      if (found.length > 0) missing.delete(pattern)
      waiting.push(...found)
    }
  }
  if (missing.size > 0) throw new Error(`${esm}: nothing imports ${[...missing].join(', ')}`)
  return scripts
}

function captured(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap((match) => match[1] ?? [])
}
