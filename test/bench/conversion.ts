import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { tiffTags } from '../support/tiff-tags.ts'
import { median, type Result, round, spreadOf } from './reading/results.ts'
import { linkBook, pageScans } from './scans.ts'

const SCRIPT = join(import.meta.dirname, '../../scripts/convert-scans.ts')
const BARCODE = 'bench1'
const run = promisify(execFile)

/** What src/scans/pyramid.ts asks of sharp, in the words of `vips`. */
const PYRAMID =
  '--compression jpeg --Q 85 --strip --pyramid --tile --tile-width 512 --tile-height 512'

interface Contestant {
  /** The folder of its images, which is empty when it starts. */
  readonly images: string
  /** A line for the shell. */
  readonly command: string
}

/**
 * `npm run convert-scans` against `vips tiffsave`, both with all cores. Ours is the whole command,
 * from its start until the manifest is there and every image is synced to the disk. `vips` is
 * started for each scan, looks for no damage and syncs nothing; one scan after the other it has its
 * own threads, and an expert would start one for each core.
 */
export async function conversion(
  folder: string,
  _: string,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Result[]> {
  const pages = 48 * seconds
  const home = join(folder, 'conversion')
  const contestants = await prepare(home, pages)
  const seen = contestants.map((): Took[] => [])
  for (let turn = -1; turn < rounds; turn++) {
    for (const [n, contestant] of contestants.entries()) {
      const took = await timed(contestant)
      // The first round brings everything into memory.
      if (turn >= 0) seen[n]?.push({ wall: took.wall / pages, cpu: took.cpu / pages })
    }
    if (turn < 0) await checkAlike(contestants, pages)
  }
  const [ours = [], each = [], turns = []] = seen
  return [
    against('conversion, against vips tiffsave on a scan for each core', ours, each),
    against('conversion, against vips tiffsave on one scan after the other', ours, turns),
    processorTime(ours, each),
  ]
}

async function prepare(home: string, pages: number): Promise<Contestant[]> {
  const scans = join(home, 'scans', BARCODE)
  linkBook(scans, await pageScans(), pages)
  const settings = join(home, 'settings.ini')
  writeFileSync(
    settings,
    '[carrel]\nBASE_URL = http://localhost\nSCANS_DIR = scans\nIMAGES_DIR = images\n',
  )
  const vips = (images: string, options: string) =>
    `ls ${scans} | xargs -I{} ${options} vips tiffsave ${scans}/{} ${images}/{}.tif ${PYRAMID}`
  const [ours, each, turns] = [join(home, 'images'), join(home, 'each'), join(home, 'turns')]
  return [
    { images: ours, command: `${process.execPath} ${SCRIPT} ${BARCODE} --settings ${settings}` },
    { images: each, command: vips(each, `-P ${cpus().length}`) },
    { images: turns, command: vips(turns, '') },
  ]
}

/** Seconds, from the start to the end and of all processors. */
interface Took {
  readonly wall: number
  readonly cpu: number
}

async function timed({ images, command }: Contestant): Promise<Took> {
  rmSync(images, { recursive: true, force: true })
  mkdirSync(images)
  // Nobody waits for the disk to take what another has written.
  await run('sync')
  // This process itself is held to one core.
  const args = ['-c', `0-${cpus().length - 1}`, 'sh', '-c', `${command} >&2 && times`]
  const began = performance.now()
  const { stdout } = await run('taskset', args)
  const wall = (performance.now() - began) / 1000
  // The second line is of what the shell has started: user and system, as 0m1.23s.
  const times = [...(stdout.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)]
  const cpu = times.reduce((sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest), 0)
  return { wall, cpu }
}

/** @throws when not everybody has made the same of each scan, or not everybody can read it */
async function checkAlike(contestants: readonly Contestant[], pages: number): Promise<void> {
  const made = contestants.map(({ images }) =>
    readdirSync(images, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.tif'))
      .sort()
      .map((name) => join(images, name)),
  )
  if (made.some(({ length }) => length !== pages)) throw new Error('conversion: images are missing')
  // Enough to have met every size.
  for (let page = 0; page < 4; page++) {
    const forms = new Set<string>()
    for (const images of made) forms.add(await formOf(images[page] ?? ''))
    if (forms.size > 1) throw new Error(`conversion: not alike: ${[...forms].join(' and ')}`)
  }
}

/** Sizes of its levels and of its tiles, once sharp and `vips` have read the same from all of it. */
async function formOf(image: string): Promise<string> {
  const { pages = 1 } = await sharp(image).metadata()
  const levels: string[] = []
  for (let page = 0; page < pages; page++) {
    const { width, height } = await sharp(image, { page }).metadata()
    const { channels } = await sharp(image, { page }).stats()
    const ours = channels.reduce((sum, { mean }) => sum + mean, 0) / channels.length
    const { stdout } = await run('vips', ['avg', `${image}[page=${page}]`])
    if (!(Math.abs(ours - Number(stdout)) < 0.5)) {
      throw new Error(`${image}: level ${page} is ${ours} to sharp, ${stdout} to vips`)
    }
    levels.push(`${width}x${height}`)
  }
  const { 322: tileWidth, 323: tileHeight, 259: compression } = await tiffTags(image)
  return `${levels.join(', ')}, tiles ${tileWidth}x${tileHeight}, compression ${compression}`
}

/** Ratios are taken round by round: what slowed the machine down slowed both. */
function against(name: string, ours: readonly Took[], theirs: readonly Took[]): Result {
  const ratios = ours.map(({ wall }, n) => (theirs[n]?.wall ?? Number.NaN) / wall)
  const inWords = (took: readonly Took[]) =>
    `${round(1 / median(took.map(({ wall }) => wall)))} scans/s`
  return {
    name,
    measured: inWords(ours),
    reference: inWords(theirs),
    figure: median(ratios),
    target: { atLeast: 1.3 },
    spread: spreadOf(ratios),
  }
}

function processorTime(ours: readonly Took[], theirs: readonly Took[]): Result {
  const ratios = ours.map(({ cpu }, n) => cpu / (theirs[n]?.cpu ?? Number.NaN))
  const inWords = (took: readonly Took[]) =>
    `${round(1000 * median(took.map(({ cpu }) => cpu)))} ms`
  return {
    name: 'conversion, processor time of a scan against vips tiffsave',
    measured: inWords(ours),
    reference: inWords(theirs),
    figure: median(ratios),
    target: undefined,
    spread: spreadOf(ratios),
  }
}
