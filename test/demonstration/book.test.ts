import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Element, Node } from '../../src/demonstration/book/element.ts'
import { parseGuide } from '../../src/demonstration/book/guide.ts'
import { layOutBook, makeBook, renderCover } from '../../src/demonstration/book/make.ts'
import { bookPages } from '../../src/demonstration/book/pages.ts'
import { openTypesetter, photograph } from '../../src/demonstration/book/typeset.ts'
import { type Barcode, parseBarcode } from '../../src/ids.ts'

const barcode = parseBarcode('carrel-guide') as Barcode
const source = new URL('../../src/demonstration/book/', import.meta.url)
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

let folder: string
let book: string
let made: Awaited<ReturnType<typeof makeBook>>
const progress: number[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'carrel-book-'))
  book = join(folder, barcode)
  await mkdir(join(folder, `.${barcode}.unfinished`))
  await writeFile(join(folder, `.${barcode}.unfinished`, 'half-a-page.jpg'), 'left by a kill')
  made = await makeBook(book, { barcode, onPage: (done) => progress.push(done) })
})

afterAll(() => rm(folder, { recursive: true }))

describe('the book as a folder of scans', () => {
  it('has at least 24 pages of 2000 by 3000 pixels, numbered as the converter expects', async () => {
    const names = (await readdir(book)).sort()
    expect(names.length).toBeGreaterThanOrEqual(24)
    expect(names).toHaveLength(made.pages)
    for (const [index, name] of names.entries()) {
      expect(name).toBe(`${barcode}_${String(index + 1).padStart(3, '0')}.jpg`)
      expect(await sharp(join(book, name)).metadata()).toMatchObject({
        format: 'jpeg',
        width: 2000,
        height: 3000,
      })
    }
  })

  it('tells of every page that is done', () => {
    expect(progress).toEqual(Array.from({ length: made.pages }, (_, index) => index + 1))
  })

  it('leaves nothing beside it, not even what an earlier run left', async () => {
    expect(await readdir(folder)).toEqual([barcode])
  })

  it('does not appear when making it fails half-way', async () => {
    const stopped = makeBook(join(folder, 'stopped'), {
      barcode,
      onPage: () => {
        throw new Error('stopped here')
      },
    })
    await expect(stopped).rejects.toThrow('stopped here')
    expect(await readdir(folder)).not.toContain('stopped')
  })

  it('comes out the same, byte for byte, when it is made again', async () => {
    const { svg } = await openTypesetter()
    const page = (await layOutBook())[9] as Element
    expect(await photograph(await svg(page))).toEqual(await readFile(pageFile(10)))
  })

  it('looks the same on a machine without fonts', async () => {
    const { stdout } = await withoutFonts(`
      import sharp from 'sharp'
      import { createHash } from 'node:crypto'
      const { layOutBook } = await import('${new URL('make.ts', source)}')
      const { openTypesetter, photograph } = await import('${new URL('typeset.ts', source)}')
      const plain = (words) => sharp(Buffer.from(
        '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="99">' +
        '<text y="50">' + words + '</text></svg>')).raw().toBuffer()
      const alike = (await plain('iiii')).equals(await plain('WWWW'))
      const { svg } = await openTypesetter()
      const page = await photograph(await svg((await layOutBook())[9]))
      console.log(alike, createHash('sha256').update(page).digest('hex'))`)
    const [alike, hash] = stdout.trim().split(' ')
    expect(alike, 'without a font, i and W are the same empty box').toBe('true')
    expect(hash).toBe(sha256(await readFile(pageFile(10))))
  })
})

describe('the pages as they are set', () => {
  it('fit, all of them, and hold outlines in place of text', async () => {
    const { svg } = await openTypesetter()
    for (const page of await layOutBook()) expect(await svg(page)).not.toContain('<text')
  })

  it('are refused when they are too full', async () => {
    const { svg } = await openTypesetter()
    const page = await guidePage(`# Too long\n\n${'words and words '.repeat(140)}`)
    await expect(svg(page)).rejects.toThrow(/pixels too full/)
  })

  it('are refused when the font lacks a character', async () => {
    const { svg } = await openTypesetter()
    await expect(svg(await guidePage('# Arrows\n\nFrom here → there.'))).rejects.toThrow('→')
  })

  it('are where the table of contents says', async () => {
    const pages = await layOutBook()
    const contents = withClass(pages[4] as Element, 'contents')
    expect(contents.length).toBeGreaterThan(8)
    for (const line of contents) {
      const [title] = withClass(line, 'contents-title').map((entry) => entry.props.children.at(-1))
      const [number] = withClass(line, 'contents-page').map((entry) => words(entry))
      const opening = withClass(pages[Number(number) - 1] as Element, 'chapter-title')
      expect(opening.map(words)).toEqual([title])
    }
  })
})

describe('the notation of the guide', () => {
  it('has chapters, with and without a number, that begin new pages', () => {
    const pages = parseGuide('<!-- note -->\n# Preface {-}\n\nA.\n\n# One\n\nB.\n\n---\n\nC.\n')
    expect(pages.map(({ chapter, opens }) => [chapter.title, chapter.number, opens])).toEqual([
      ['Preface', undefined, true],
      ['One', 1, true],
      ['One', 1, false],
    ])
  })

  it('has sections, lists, steps, definitions, figures and paragraphs', () => {
    const [page] = parseGuide(
      "# T\n\n## S\n\n- a\nb\n- c\n\n1. d\n2. e\n\nTerm\n: It's\nthis.\n\n![Cap\ntion](shelf)\n\nPlain\ntext.",
    )
    expect(page?.blocks).toEqual([
      { kind: 'section', title: 'S' },
      { kind: 'list', ordered: false, items: ['a b', 'c'] },
      { kind: 'list', ordered: true, items: ['d', 'e'] },
      { kind: 'definition', term: 'Term', text: 'It’s this.' },
      { kind: 'figure', caption: 'Cap tion', name: 'shelf' },
      { kind: 'paragraph', text: 'Plain text.' },
    ])
  })

  it('refuses text before the first chapter, and a figure that is not there', async () => {
    expect(() => parseGuide('Lost words.')).toThrow(/before its first chapter: Lost words/)
    await expect(guidePage('# T\n\n![A cat](cat)')).rejects.toThrow(/figure cat/)
  })
})

it('gives the cover as a small picture', async () => {
  const cover = await sharp(await renderCover()).metadata()
  expect(cover).toMatchObject({ format: 'jpeg', width: 400, height: 600 })
})

function pageFile(number: number): string {
  return join(book, `${barcode}_${String(number).padStart(3, '0')}.jpg`)
}

async function guidePage(markdown: string): Promise<Element> {
  const css = await readFile(new URL('book.css', source), 'utf8')
  const firstAfterContents = bookPages(parseGuide(markdown), css)[5]
  return firstAfterContents as Element
}

/** Runs a module in a process for which the machine has no font at all. */
async function withoutFonts(module: string): Promise<{ stdout: string }> {
  const config = join(folder, 'fonts.conf')
  const none = await mkdtemp(join(folder, 'no-fonts-'))
  await writeFile(config, `<?xml version="1.0"?><fontconfig><dir>${none}</dir></fontconfig>`)
  return promisify(execFile)(process.execPath, ['--input-type=module', '-e', module], {
    env: { ...process.env, FONTCONFIG_FILE: config },
  })
}

function withClass(node: Node, name: string): Element[] {
  if (typeof node === 'string') return []
  const own = node.props.className === name ? [node] : []
  return [...own, ...node.props.children.flatMap((child) => withClass(child, name))]
}

function words(node: Node): string {
  return typeof node === 'string' ? node : node.props.children.map(words).join('')
}
