import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock, EpochMs } from '../clock.ts'
import { sync } from '../durable.ts'
import type { Barcode } from '../ids.ts'

/** The images of one run, as the folder `IMAGES_DIR/BARCODE/VERSION` is called. */
const VERSION = /^\d{8}T\d{9}Z$/

/**
 * Gives a finished folder of images its place under `itemFolder`, once all of it is on the disk.
 *
 * @param partial on the same file system, its files already synced
 * @returns the version, by which a manifest names the images
 */
export async function publish(partial: string, itemFolder: string, clock: Clock): Promise<string> {
  await mkdir(itemFolder, { recursive: true })
  let at = clock.now()
  while (existsSync(join(itemFolder, versionName(at)))) at++
  const version = versionName(at)
  await sync(partial)
  await rename(partial, join(itemFolder, version))
  await sync(itemFolder)
  await sync(dirname(itemFolder))
  return version
}

/** 20260102T101500000Z */
function versionName(at: EpochMs): string {
  return new Date(at).toISOString().replace(/[-:.]/g, '')
}

/**
 * Removes the images of earlier versions of an item, but for the one before the newest: a loan of
 * it may be granted in this very moment. The caller knows that no running loan reads them.
 *
 * @returns the versions that were removed
 */
export async function removeOldImages(imagesDir: string, barcode: Barcode): Promise<string[]> {
  const folder = join(imagesDir, barcode)
  const names = existsSync(folder) ? await readdir(folder) : []
  const old = names
    .filter((name) => VERSION.test(name))
    .sort()
    .slice(0, -2)
  for (const name of old) await rm(join(folder, name), { recursive: true })
  return old
}
