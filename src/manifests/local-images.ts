import type { Barcode } from '../ids.ts'
import { LOCAL_IMAGES } from '../sources/source.ts'

/**
 * A manifest names images of this machine by the barcode of their item; this makes it name those
 * of another.
 *
 * @returns undefined when it names none, or is no JSON: then it can stay as it is
 */
export function withLocalImagesOf(
  manifest: string,
  { from, to }: { from: Barcode; to: Barcode },
): string | undefined {
  const before = `${LOCAL_IMAGES}${from}/`
  let changed = false
  const rename = (_: string, value: unknown) => {
    if (typeof value !== 'string' || !value.startsWith(before)) return value
    changed = true
    return `${LOCAL_IMAGES}${to}/${value.slice(before.length)}`
  }
  try {
    const renamed: unknown = JSON.parse(manifest, rename)
    return changed ? JSON.stringify(renamed) : undefined
  } catch {
    return undefined
  }
}
