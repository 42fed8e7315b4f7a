import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import satori from 'satori'
import sharp from 'sharp'
import type { Element } from './element.ts'

/** A page in pixels: 5 by 7.5 inches, scanned at 400 pixels per inch. */
const PAGE = { width: 2000, height: 3000 }

/** The class of the element whose height tells how full a page is. */
export const TEXT_BLOCK = 'text-block'

/** 26 lines of book.css, which leave room for the page number. */
const TEXT_BLOCK_HEIGHT = 2392

/** Keeps a compound in one piece: satori would stretch the place where it may break. */
export const WORD_JOINER = '\u2060'

type Font = Awaited<ReturnType<typeof readFont>>

/** Sets pages in type, with the fonts that Carrel carries and none of the machine's. */
export interface Typesetter {
  /**
   * @returns the page as an SVG of 2000 by 3000 pixels whose letters are outlines
   * @throws when a character has no glyph, or when the text is longer than the page
   */
  svg(page: Element): Promise<string>
}

export async function openTypesetter(): Promise<Typesetter> {
  const fonts = await Promise.all([readFont('normal'), readFont('italic')])
  return { svg: (page) => layOut(page, fonts) }
}

/** @param svg a page whose text is outlines; @returns a JPEG, as a scanner would have made it */
export function photograph(svg: string): Promise<Buffer> {
  return sharp(Buffer.from(svg)).flatten().jpeg({ quality: 90 }).toBuffer()
}

async function layOut(page: Element, fonts: Font[]): Promise<string> {
  let textHeight = 0
  const svg = await satori(page, {
    ...PAGE,
    fonts,
    loadAdditionalAsset: async (_language, text) => {
      if (text !== WORD_JOINER) throw new Error(`EB Garamond has no glyph for ${text}`)
      return []
    },
    onNodeDetected: (node) => {
      if (node.props.className === TEXT_BLOCK) textHeight = node.height
    },
  })
  if (textHeight > TEXT_BLOCK_HEIGHT) {
    throw new Error(`A page is ${textHeight - TEXT_BLOCK_HEIGHT} pixels too full`)
  }
  return svg
}

async function readFont(style: 'normal' | 'italic') {
  const file = `@fontsource/eb-garamond/files/eb-garamond-latin-400-${style}.woff`
  const data = await readFile(createRequire(import.meta.url).resolve(file))
  return { name: 'EB Garamond', weight: 400 as const, style, data }
}
