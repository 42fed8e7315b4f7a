import { readdir, stat } from 'node:fs/promises'
import { join, parse } from 'node:path'
import type { Barcode } from '../ids.ts'
import { type Problem, problem } from './problem.ts'

/** One scan of one page, in its place in the book. */
export interface ScannedPage {
  /** The name of the file, for messages. */
  readonly file: string
  readonly path: string
  /** What the viewer calls the page. */
  readonly label: string
}

export type FolderReading =
  | {
      readonly kind: 'pages'
      readonly pages: readonly ScannedPage[]
      /** Names of what lies in the folder and is no scan. */
      readonly leftOut: readonly string[]
    }
  | Problem

const PAGE_TYPES = ['.tif', '.tiff', '.jpg', '.jpeg', '.png']

/** Longer runs of digits are dates, times or barcodes. */
const PAGE_NUMBER = /^(.*?)(\d{1,5})$/s

const byName = new Intl.Collator('en', { numeric: true })

/**
 * The pages in `SCANS_DIR/BARCODE/`, in natural order of their names: TIFF, JPEG and PNG files,
 * chosen by name. A folder whose names are all one prefix and a number must have every number
 * between the first and the last, and must start with 0 or 1 where the prefix is the barcode.
 *
 * @throws nothing for what staff can mend; that is a `problem`
 */
export async function readScansFolder(scansDir: string, barcode: Barcode): Promise<FolderReading> {
  const folder = join(scansDir, barcode)
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (cause) {
    return problem(folderFault(folder, cause as NodeJS.ErrnoException))
  }
  names.sort((a, b) => byName.compare(a, b) || (a < b ? -1 : 1))
  const areScans = await Promise.all(names.map((name) => isScan(folder, name)))
  const scans = names.filter((_, n) => areScans[n])
  const leftOut = names.filter((_, n) => !areScans[n])
  if (scans.length === 0) {
    return problem(`The folder ${folder} holds no TIFF, JPEG or PNG file.`)
  }
  const numbers = numbered(scans)
  const reason = numbers ? brokenSequence(scans, numbers, barcode) : sameNameTwice(scans)
  if (reason !== undefined) return problem(reason)
  const labels = numbers?.map(({ number }) => String(number)) ?? withoutCommonPrefix(scans)
  const pages = scans.map((file, n) => ({
    file,
    path: join(folder, file),
    label: labels[n] ?? file,
  }))
  return { kind: 'pages', pages, leftOut }
}

function folderFault(folder: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return `There is no folder ${folder}.`
  if (code === 'ENOTDIR') return `${folder} is not a folder.`
  return `The folder ${folder} cannot be read: ${message}`
}

/** A link to a scan is one too; a link to nothing counts, so that it is noticed and not left out. */
async function isScan(folder: string, name: string): Promise<boolean> {
  if (name.startsWith('.') || !PAGE_TYPES.includes(parse(name).ext.toLowerCase())) return false
  const found = await stat(join(folder, name)).catch(() => undefined)
  return found === undefined || found.isFile()
}

interface Numbered {
  readonly prefix: string
  readonly digits: string
  readonly number: number
}

/** Prefix and number of each name, or undefined unless all have a number after one prefix. */
function numbered(files: readonly string[]): Numbered[] | undefined {
  const numbers: Numbered[] = []
  for (const file of files) {
    const [, prefix, digits] = PAGE_NUMBER.exec(parse(file).name) ?? []
    if (prefix === undefined || digits === undefined) return undefined
    if (prefix !== (numbers[0]?.prefix ?? prefix) || /\d$/.test(prefix)) return undefined
    numbers.push({ prefix, digits, number: Number(digits) })
  }
  return numbers
}

function brokenSequence(
  files: readonly string[],
  numbers: readonly Numbered[],
  barcode: Barcode,
): string | undefined {
  for (const [n, { prefix, digits, number }] of numbers.entries()) {
    const before = numbers[n - 1]?.number
    const width = digits.length
    if (before === undefined) {
      if (number > 1 && prefix.replace(/[-_. ]$/, '') === barcode) {
        return `${expected(prefix, 1, width)} is missing: the first page is ${files[n]}.`
      }
    } else if (number === before) {
      return `${files[n - 1]} and ${files[n]} are both page ${number}: keep one of them.`
    } else if (number > before + 1) {
      const gap = gapBetween(before, number, (missing) => expected(prefix, missing, width))
      return `${gap} missing between ${files[n - 1]} and ${files[n]}.`
    }
  }
  return undefined
}

function expected(prefix: string, number: number, width: number): string {
  return prefix + String(number).padStart(width, '0')
}

function gapBetween(before: number, after: number, name: (number: number) => string): string {
  const first = name(before + 1)
  return after - before === 2 ? `${first} is` : `${first} to ${name(after - 1)} are`
}

/** Cover.tif and Cover.jpg: nobody could tell which of the two is the page. */
function sameNameTwice(files: readonly string[]): string | undefined {
  const seen = new Map<string, string>()
  for (const file of files) {
    const { name } = parse(file)
    const other = seen.get(name)
    if (other !== undefined) return `${other} and ${file} have the same name: keep one of them.`
    seen.set(name, file)
  }
  return undefined
}

/** Names without the beginning that all of them share, cut after a separator: B_ii, B_12a -> ii, 12a. */
function withoutCommonPrefix(files: readonly string[]): string[] {
  const names = files.map((file) => parse(file).name)
  const [first = '', ...others] = names
  let length = 0
  for (const { index } of first.matchAll(/[-_. ]/g)) {
    const prefix = first.slice(0, index + 1)
    if (others.length > 0 && others.every((name) => name.startsWith(prefix))) length = index + 1
  }
  return names.map((name) => name.slice(length) || name)
}
