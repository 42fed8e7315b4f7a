import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Asset, toAsset } from './asset.ts'
import { joinScripts } from './join-scripts.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The script of the viewer page, and those that it imports. */
const READER = /^reader(?:\/.+)?\.js$/

const PICO = fileURLToPath(import.meta.resolve('@picocss/pico/css/pico.min.css'))

/**
 * Reads what `/static/` serves: the files of the folder `static`, and the base style sheet from
 * its package. Only what is read here can be asked for.
 * `reader.js` is served with the scripts of `reader/` in it, which cannot be asked for apart.
 *
 * @returns the files by name: `carrel.css`, `icons.svg`, ...
 */
export async function staticFiles(folder: string): Promise<ReadonlyMap<string, Asset>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = new Map<string, Asset>()
  const reader = new Map<string, string>()
  for (const entry of found.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const type = TYPES[extname(path)]
    if (type === undefined) continue
    const name = path.slice(folder.length).replace(/^\/+/, '')
    const bytes = await readFile(path)
    if (READER.test(name)) reader.set(name, bytes.toString())
    else files.set(name, toAsset(type, bytes))
  }
  const script = Buffer.from(joinScripts(reader, 'reader.js'))
  files.set('reader.js', toAsset(TYPES['.js']!, script))
  files.set('pico.css', toAsset(TYPES['.css']!, await readFile(PICO)))
  return files
}
