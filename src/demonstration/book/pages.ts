import { BOOK } from './book.ts'
import { RED, TAN } from './drawing.ts'
import { div, type Element, element, type Node } from './element.ts'
import { drawFigure } from './figures.ts'
import type { Block, Chapter, GuidePage } from './guide.ts'
import { bookshelf, endpaper, ornament } from './ornaments.ts'
import { TEXT_BLOCK, WORD_JOINER } from './typeset.ts'

/** Cover, endpaper, title page, imprint and contents come before it. */
const FIRST_TEXT_PAGE = 6

/**
 * @param guide the pages of text; @param css book.css
 * @returns every page of the book from cover to cover, so that page 1 is the cover
 */
export function bookPages(guide: GuidePage[], css: string): Element[] {
  const front = [cover(), endpaper(), titlePage(), imprint(), contents(guide)]
  const text = guide.map((page, index) => textPage(page, FIRST_TEXT_PAGE + index))
  const sheet = element('style', {}, css)
  return [...front, ...text, endpaper(), backCover()].map((page) => div('book', sheet, page))
}

function cover(): Element {
  return div(
    'page cover',
    div('frame'),
    div('title-page', ...titles(), bookshelf(), div('publisher', 'CARREL')),
  )
}

function backCover(): Element {
  return div('page cover back', div('frame'), div('title-page', ornament(TAN)))
}

function titlePage(): Element {
  const year = `${BOOK.publisher.toUpperCase()} · ${BOOK.year}`
  return div('page title-page', ...titles(), ornament(RED), div('publisher', year))
}

/** The title breaks after its comma. */
function titles(): Element[] {
  const lines = BOOK.title.split(', ').join(',\n')
  return [div('title', lines), div('subtitle', BOOK.subtitle)]
}

function imprint(): Element {
  const lines = [
    'This guide was written and made by the Carrel project. It may be copied, changed and passed ' +
      'on by anybody, for any purpose.',
    'Set in EB Garamond, designed by Georg Duffner and Octavio Pardo after the types of Claude ' +
      'Garamont and used under the SIL Open Font License.',
    'No press was needed: the pages were set and drawn on your own machine when Carrel started ' +
      'for the first time, and then treated like the scan of any other book.',
    `First edition, ${BOOK.year}.`,
  ]
  return div('page', div('imprint', ...lines.map((line) => div('imprint-line', ...inline(line)))))
}

function contents(guide: GuidePage[]): Element {
  const lines = guide.flatMap(({ chapter, opens }, index) => {
    if (!opens) return []
    const number = div('contents-number', chapter.number?.toString() ?? '')
    const title = div('contents-title', number, chapter.title)
    return [div('contents', title, div('contents-page', String(FIRST_TEXT_PAGE + index)))]
  })
  const opening = div('opening', div('chapter-title', 'Contents'))
  return div('page recto', div(TEXT_BLOCK, opening, ...lines), folio(FIRST_TEXT_PAGE - 1))
}

function textPage({ chapter, opens, blocks }: GuidePage, number: number): Element {
  const recto = number % 2 === 1
  const head = div('running-head', recto ? chapter.title : BOOK.title)
  const text = blocks.map((block, index) => setBlock(block, opens && index === 0))
  const block = div(TEXT_BLOCK, ...(opens ? [opening(chapter)] : []), ...text)
  const side = recto ? 'recto' : 'verso'
  return div(`page ${side}`, ...(opens ? [] : [head]), block, folio(number))
}

function folio(number: number): Element {
  return div('folio', String(number))
}

function opening({ title, number }: Chapter): Element {
  const words = number === undefined ? [] : [div('chapter-number', `CHAPTER ${number}`)]
  return div('opening', ...words, div('chapter-title', title))
}

function setBlock(block: Block, withDropCap: boolean): Element {
  switch (block.kind) {
    case 'paragraph':
      return withDropCap ? dropCap(block.text) : div('paragraph', ...inline(block.text))
    case 'section':
      return div('section', block.title)
    case 'list':
      return div('list', ...block.items.map((item, index) => listItem(item, block.ordered, index)))
    case 'definition':
      return div('definition', div('term', block.term), div('meaning', ...inline(block.text)))
    case 'figure':
      return div('figure', drawFigure(block.name), div('caption', ...inline(block.caption)))
  }
}

function dropCap(text: string): Element {
  return div('paragraph', div('drop-cap', text.slice(0, 1)), ...inline(text.slice(1)))
}

function listItem(text: string, ordered: boolean, index: number): Element {
  const marker = ordered ? `${index + 1}.` : '•'
  return div('item', div('marker', marker), div('item-text', ...inline(text)))
}

/** `*words*` become italics. */
function inline(text: string): Node[] {
  const parts = text.replaceAll('-', `-${WORD_JOINER}`).split('*')
  return parts.map((part, index) => (index % 2 === 1 ? element('em', {}, part) : part))
}
