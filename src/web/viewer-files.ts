import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { strongEtag } from '../etag.ts'
import { type Asset, toAsset } from './asset.ts'
import { imageBookScript } from './viewer-script.ts'
import { imageBookStyles } from './viewer-styles.ts'

export interface ViewerFiles {
  /**
   * Part of the address, so that a file never changes there: the version of the installed package,
   * and a digest of the script and the style sheet, which are made here.
   */
  version: string
  /** By name. */
  files: ReadonlyMap<string, Asset>
}

/**
 * Reads what an image book needs of Universal Viewer: its scripts joined to one `uv.js`, its style
 * sheets to one `uv.css`, and `LICENSE.txt`. Nothing else of the package can be asked for. Takes
 * 1.7 MB of memory.
 * Throws when the package is absent, or no longer built the way that this file expects.
 */
export async function viewerFiles(options: { packageDir?: string } = {}): Promise<ViewerFiles> {
  const dir = options.packageDir ?? installedPackage()
  const manifest: { version: string } = JSON.parse(
    await readFile(join(dir, 'package.json'), 'utf8'),
  )
  const script = Buffer.from(await imageBookScript(dir))
  const styles = Buffer.from(await imageBookStyles(dir))
  const made = strongEtag(Buffer.concat([script, styles])).slice(1, 9)
  const files = new Map<string, Asset>()
  const add = (name: string, type: string, bytes: Buffer<ArrayBuffer>) =>
    files.set(name, toAsset(`${type}; charset=utf-8`, bytes))
  add('uv.js', 'text/javascript', script)
  add('uv.css', 'text/css', styles)
  add('LICENSE.txt', 'text/plain', await readFile(join(dir, 'LICENSE.txt')))
  return { version: `${manifest.version}-${made}`, files }
}

/** `import.meta.resolve` would need the package's `main`, which is of no use to a server. */
function installedPackage(): string {
  return fileURLToPath(new URL('../../node_modules/universalviewer', import.meta.url))
}
