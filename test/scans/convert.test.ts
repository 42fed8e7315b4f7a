import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { type Barcode, parseBarcode } from '../../src/ids.ts'
import { takeLock } from '../../src/lock.ts'
import { convertScans } from '../../src/scans/convert.ts'
import { initiate, scanState } from '../../src/scans/state.ts'
import { removeOldImages } from '../../src/scans/versions.ts'
import { BOOK, contents, fill, page, scratch } from './scratch.ts'

const VERSION = '20260102T100000000Z'

async function manifestOf({ manifestDir }: { manifestDir: string }) {
  return JSON.parse(await readFile(join(manifestDir, `${BOOK}-manifest.json`), 'utf8'))
}

describe('a conversion', () => {
  it('makes an image of every page, then the manifest that names them', async () => {
    const { options, scans } = scratch()
    const large = await page(1100, 900).png().toBuffer()
    await fill(scans, [
      `${BOOK}_001.jpg`,
      [`${BOOK}_002.png`, large],
      `${BOOK}_003.jpg`,
      'Thumbs.db',
    ])
    const steps: number[] = []
    const onProgress = ({ done }: { done: number }) => steps.push(done)
    const outcome = await convertScans(BOOK, { ...options, onProgress })
    const images = join(options.imagesDir, BOOK, VERSION)
    const sizes = await Promise.all(
      (await readdir(images)).map(async (name) => (await readFile(join(images, name))).length),
    )
    expect(outcome).toEqual({
      kind: 'converted',
      version: VERSION,
      pages: 3,
      bytes: sizes.reduce((sum, size) => sum + size, 0),
      leftOut: ['Thumbs.db'],
    })
    expect(steps).toEqual([1, 2, 3])
    expect(await readdir(options.manifestDir)).toEqual([`${BOOK}-manifest.json`])
    const { items } = await manifestOf(options)
    expect(items).toMatchObject([
      { width: 300, height: 400, label: { none: ['1'] } },
      { width: 1100, height: 900, label: { none: ['2'] } },
      { width: 300, height: 400, label: { none: ['3'] } },
    ])
    for (const [n, { items: pages, width, height }] of items.entries()) {
      const { service } = pages[0].items[0].body
      const name = service[0].id.replace('https://images.carrel.invalid/', '')
      const image = await sharp(join(options.imagesDir, `${name}.tif`)).metadata()
      expect(image, `page ${n + 1}`).toMatchObject({ width, height })
    }
    expect(await scanState(options.processDir, BOOK)).toEqual({ kind: 'none' })
  })

  it('never changes a scan', async () => {
    const { options, scans } = scratch()
    await fill(scans, ['p1.jpg', 'p2.jpg', 'notes.txt'])
    const before = await contents(options.scansDir)
    await convertScans(BOOK, options)
    await fill(scans, [['p2.jpg', Buffer.from('spoilt')]])
    const spoilt = await contents(options.scansDir)
    await convertScans(BOOK, options)
    expect(Object.keys(before)).toHaveLength(3)
    expect(await contents(options.scansDir)).toEqual(spoilt)
    expect({ ...spoilt, [`${BOOK}/p2.jpg`]: '' }).toEqual({ ...before, [`${BOOK}/p2.jpg`]: '' })
  })

  it('writes IIIF Presentation 2.1 and what is known of the item on request', async () => {
    const { options, scans } = scratch()
    await fill(scans, ['p1.jpg'])
    await convertScans(BOOK, { ...options, presentation: 2, metadata: { title: 'Poems' } })
    expect(await manifestOf(options)).toMatchObject({ '@type': 'sc:Manifest', label: 'Poems' })
  })

  it('takes scans of any name and a barcode of any kind', async () => {
    const { options } = scratch()
    for (const text of ['0012', 'a.b_c-d', '7.lock', '7']) {
      const barcode = parseBarcode(text) as Barcode
      await fill(join(options.scansDir, barcode), ['Seite ä?.jpg', '% 2.jpg', 'a..jpg.jpg'])
      expect(await convertScans(barcode, options)).toMatchObject({ kind: 'converted' })
      expect(await readdir(join(options.imagesDir, barcode, VERSION))).toHaveLength(3)
    }
  })

  it('repeated, leaves the images of the first for running loans, also within one instant', async () => {
    const { options, scans } = scratch()
    await fill(scans, ['p1.jpg'])
    await convertScans(BOOK, options)
    const before = await contents(join(options.imagesDir, BOOK))
    await fill(scans, [['p1.jpg', await page(500, 200).jpeg().toBuffer()]])
    const second = await convertScans(BOOK, options)
    expect(second).toMatchObject({ kind: 'converted', version: '20260102T100000001Z' })
    expect(await contents(join(options.imagesDir, BOOK))).toMatchObject(before)
    expect((await manifestOf(options)).items).toMatchObject([{ width: 500, height: 200 }])
  })

  it('ends in a problem that names the file, and shows nothing of the other pages', async () => {
    const { options, scans } = scratch()
    const whole = await page().jpeg().toBuffer()
    await fill(scans, ['p1.jpg', 'p2.jpg', ['p3.jpg', whole.subarray(0, 5000)], 'p4.jpg'])
    const outcome = await convertScans(BOOK, options)
    const reason = expect.stringMatching(
      /^p3\.jpg is damaged or cut off\. Copy the file again, or scan the page again\. The converter says: .+\.$/,
    )
    expect(outcome).toEqual({ kind: 'problem', reason })
    expect(existsSync(join(options.imagesDir, BOOK))).toBe(false)
    expect(existsSync(options.manifestDir)).toBe(false)
    expect(await readdir(join(options.imagesDir, '.partial'))).toEqual([])
    expect(await scanState(options.processDir, BOOK)).toEqual({ kind: 'problem', reason })
  })

  it('with a problem leaves the manifest of the last good one alone', async () => {
    const { options, scans } = scratch()
    await fill(scans, ['p1.jpg', 'p2.jpg', 'p3.jpg'])
    await convertScans(BOOK, options)
    const before = [
      await contents(options.manifestDir),
      await contents(join(options.imagesDir, BOOK)),
    ]
    await fill(scans, ['p5.jpg'])
    expect(await convertScans(BOOK, options)).toMatchObject({ kind: 'problem' })
    const after = [
      await contents(options.manifestDir),
      await contents(join(options.imagesDir, BOOK)),
    ]
    expect(after).toEqual(before)
  })

  it('mended, forgets the problem', async () => {
    const { options, scans } = scratch()
    await fill(scans, ['p1.jpg', 'p3.jpg'])
    expect(await convertScans(BOOK, options)).toMatchObject({ kind: 'problem' })
    await fill(scans, ['p2.jpg'])
    await initiate(options.processDir, BOOK)
    expect(await convertScans(BOOK, options)).toMatchObject({ kind: 'converted' })
    expect(await readdir(options.processDir)).toEqual([])
  })

  it('sees a scan that was replaced under the same name', async () => {
    const { options, scans } = scratch()
    for (const width of [300, 350, 400]) {
      const tiled = page(width, 600).tiff({ tile: true, tileWidth: 128, tileHeight: 128 })
      await fill(scans, [['p1.tif', await tiled.toBuffer()]])
      await convertScans(BOOK, options)
      expect((await manifestOf(options)).items).toMatchObject([{ width }])
    }
  })

  it('that cannot write is a fault, said in words and written down', async () => {
    const { options, scans } = scratch()
    await fill(scans, ['p1.jpg'])
    await writeFile(options.manifestDir, 'a file in the way')
    await expect(convertScans(BOOK, options)).rejects.toThrow(/^scans of 35047019084201: EEXIST/)
    expect(await scanState(options.processDir, BOOK)).toMatchObject({
      kind: 'problem',
      reason: expect.stringMatching(/^The conversion broke off: EEXIST/),
    })
    expect(takeLock(options.imagesDir, BOOK).kind, 'the lock is given back').toBe('held')
  })

  it('4.4 two starts of a conversion: one of them runs', async () => {
    const { options, scans } = scratch()
    await fill(scans, ['p1.jpg', 'p2.jpg'])
    const outcomes = await Promise.all([convertScans(BOOK, options), convertScans(BOOK, options)])
    expect(outcomes).toMatchObject([{ kind: 'converted' }, { kind: 'busy', pid: process.pid }])
    expect(await readdir(join(options.imagesDir, BOOK))).toEqual([VERSION])
    expect(await convertScans(BOOK, options)).toMatchObject({ kind: 'converted' })
  })

  it('takes up no more than the given number of pages at a time', async () => {
    const { options, scans } = scratch()
    await fill(scans, ['p1.jpg', 'p2.jpg', 'p3.jpg'])
    const begun: number[] = []
    const onProgress = () => {
      begun.push(readdirSync(join(options.imagesDir, '.partial', BOOK)).length)
    }
    await convertScans(BOOK, { ...options, concurrency: 1, onProgress })
    expect(begun).toEqual([1, 2, 3])
  })
})

describe('images of earlier versions', () => {
  it('go, but for the two newest and what Carrel did not make', async () => {
    const { options } = scratch()
    const folder = join(options.imagesDir, BOOK)
    const kept = ['20260102T100000003Z', '20260102T100000002Z', 'originals']
    for (const name of [...kept, '20260102T100000001Z']) {
      await mkdir(join(folder, name), { recursive: true })
    }
    expect(await removeOldImages(options.imagesDir, BOOK)).toEqual(['20260102T100000001Z'])
    expect(await readdir(folder)).toEqual(kept.toSorted())
    expect(await removeOldImages(options.imagesDir, 'none' as Barcode)).toEqual([])
  })
})
