import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readScansFolder } from '../../src/scans/folder.ts'
import { BOOK, scratch } from './scratch.ts'

/** Reads a folder of empty files: only names count here. */
async function read(...names: string[]) {
  const { options, scans } = scratch()
  await mkdir(scans, { recursive: true })
  for (const name of names) await writeFile(join(scans, name), '')
  const reading = await readScansFolder(options.scansDir, BOOK)
  if (reading.kind === 'problem') return reading.reason.replaceAll(options.scansDir, 'SCANS')
  return reading.pages.map(({ label }) => label)
}

describe('the pages in a folder of scans', () => {
  it('are in the order of their numbers, and labelled by them', async () => {
    expect(await read(`${BOOK}_002.tif`, `${BOOK}_001.tif`, `${BOOK}_003.JPG`)).toEqual([
      '1',
      '2',
      '3',
    ])
    expect(await read('p10.png', 'p9.png', 'p11.jpeg', 'p8.tiff')).toEqual(['8', '9', '10', '11'])
  })

  it('keep any other name as the label, in natural order', async () => {
    expect(await read('12.tif', '12a.tif', '2.tif', 'cover.tif')).toEqual([
      '2',
      '12',
      '12a',
      'cover',
    ])
  })

  it('are labelled without the beginning that all names share', async () => {
    expect(await read('B_ii.tif', 'B_12a.tif', 'B_cover.tif')).toEqual(['12a', 'cover', 'ii'])
    expect(await read('page10.tif', 'page11a.tif')).toEqual(['page10', 'page11a'])
    expect(await read('B_map.tif')).toEqual(['B_map'])
  })

  it('may start with 0 or 1 and, under names that are not the barcode, anywhere', async () => {
    expect(await read(`${BOOK}_000.tif`, `${BOOK}_001.tif`)).toEqual(['0', '1'])
    expect(await read('DSC00812.jpg', 'DSC00813.jpg')).toEqual(['812', '813'])
    expect(await read(`${BOOK}_002.tif`, `${BOOK}_003.tif`)).toBe(
      `${BOOK}_001 is missing: the first page is ${BOOK}_002.tif.`,
    )
  })

  it('may be named by date and time, which leaves no gaps', async () => {
    expect(await read('20260102101500.jpg', '20260102101530.jpg')).toHaveLength(2)
  })

  it('must all be there: a missing number is named with its neighbours', async () => {
    expect(await read(`${BOOK}_001.tif`, `${BOOK}_002.tif`, `${BOOK}_004.jpg`)).toBe(
      `${BOOK}_003 is missing between ${BOOK}_002.tif and ${BOOK}_004.jpg.`,
    )
    expect(await read('p1.tif', 'p5.tif', 'p7.tif')).toBe(
      'p2 to p4 are missing between p1.tif and p5.tif.',
    )
  })

  it('must not be there twice', async () => {
    expect(await read(`${BOOK}_001.tif`, `${BOOK}_001.jpg`)).toBe(
      `${BOOK}_001.jpg and ${BOOK}_001.tif are both page 1: keep one of them.`,
    )
    expect(await read('p1.tif', 'p01.tif')).toMatch(/are both page 1/)
    expect(await read('ii.tif', 'ii.png', 'cover.tif')).toBe(
      'ii.png and ii.tif have the same name: keep one of them.',
    )
  })

  it('must be some, in a folder that is there', async () => {
    expect(await read()).toBe(`The folder SCANS/${BOOK} holds no TIFF, JPEG or PNG file.`)
    expect(await read('notes.txt')).toMatch(/holds no TIFF/)
    const { options } = scratch()
    const missing = await readScansFolder(options.scansDir, BOOK)
    expect(missing).toMatchObject({ kind: 'problem', reason: expect.stringMatching(/no folder/) })
  })

  it('are chosen by name: hidden files, other types and folders are left out and said', async () => {
    const { options, scans } = scratch()
    await mkdir(join(scans, 'old.tif'), { recursive: true })
    for (const name of ['.p1.tif', 'Thumbs.db', 'p1.tif', 'p2.pdf', '._p1.tif']) {
      await writeFile(join(scans, name), '')
    }
    await symlink(join(scans, 'nowhere'), join(scans, 'p2.tif'))
    const reading = await readScansFolder(options.scansDir, BOOK)
    if (reading.kind === 'problem') throw new Error(reading.reason)
    expect(reading.pages.map(({ file }) => file)).toEqual(['p1.tif', 'p2.tif'])
    expect(new Set(reading.leftOut)).toEqual(
      new Set(['.p1.tif', '._p1.tif', 'Thumbs.db', 'old.tif', 'p2.pdf']),
    )
  })

  it('are not looked for where a file is in the way', async () => {
    const { options, scans } = scratch()
    await mkdir(options.scansDir)
    await writeFile(scans, '')
    expect(await readScansFolder(options.scansDir, BOOK)).toMatchObject({
      reason: `${scans} is not a folder.`,
    })
  })
})
