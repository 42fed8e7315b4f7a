import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Asset, toAsset } from './asset.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const PICO = fileURLToPath(import.meta.resolve('@picocss/pico/css/pico.min.css'))

/**
 * Reads what `/static/` serves: the files of the folder `static`, and the base style sheet from
 * its package. Only what is read here can be asked for.
 *
 * @returns the files by name: `carrel.css`, `reader/loan.js`, ...
 */
export async function staticFiles(folder: string): Promise<ReadonlyMap<string, Asset>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = new Map<string, Asset>()
  for (const entry of found.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const type = TYPES[extname(path)]
    if (type === undefined) continue
    const name = path.slice(folder.length).replace(/^\/+/, '')
    files.set(name, toAsset(type, await readFile(path)))
  }
  files.set('pico.css', toAsset(TYPES['.css']!, await readFile(PICO)))
  return files
}
