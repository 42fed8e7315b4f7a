import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Barcode } from '../ids.ts'

/** Where an item's cover lies, as DIBS names it. */
export function coverPath(thumbnailsDir: string, barcode: Barcode): string {
  return join(thumbnailsDir, `${barcode}.jpg`)
}

/** The file of the item's cover and a validator for it, or undefined when it has none. */
export async function coverFile(
  thumbnailsDir: string,
  barcode: Barcode,
): Promise<{ path: string; etag: string } | undefined> {
  const path = coverPath(thumbnailsDir, barcode)
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile()) return undefined
  return { path, etag: `"${found.mtimeMs.toString(36)}-${found.size.toString(36)}"` }
}
