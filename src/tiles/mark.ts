/** The library's mark, as the settings WATERMARK_TEXT or WATERMARK_FILE give it. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import sharp, { type Sharp } from 'sharp'
import type { Settings } from '../settings.ts'

/** A PNG of the largest size in which it is put on images: half transparent, no margins. */
export interface Mark {
  readonly png: Buffer
  readonly width: number
  readonly height: number
}

/** Pixels; an answer has at most LARGEST_TILE on a side, of which a mark takes a part. */
const LARGEST = { width: 2400, height: 120 }
const LARGEST_INPUT_PIXELS = 50_000_000
const HALF_TRANSPARENT = Buffer.from([255, 255, 255, 128])
const FONT_SIZE = 84
/** The parts of the one font that Carrel carries, so that none of the machine is needed. */
const SCRIPTS = ['latin', 'latin-ext', 'greek', 'cyrillic', 'vietnamese']

/**
 * @returns undefined when the library wants no mark
 * @throws when it cannot be drawn or read, in words that name the setting
 */
export async function readMark(
  settings: Pick<Settings, 'watermarkText' | 'watermarkFile'>,
): Promise<Mark | undefined> {
  const { watermarkText: text, watermarkFile: file } = settings
  if (text !== '') return draw(text).catch(failedAs('WATERMARK_TEXT', text))
  if (file !== undefined) return readPng(file).catch(failedAs('WATERMARK_FILE', file))
  return undefined
}

function failedAs(key: string, value: string) {
  return (cause: Error): never => {
    throw new Error(`[carrel] ${key}: ${value}: ${cause.message}`, { cause })
  }
}

/** Dark letters with a light rim: they can be read on paper and on dark pictures. */
async function draw(text: string): Promise<Mark> {
  const layer = (style: Record<string, string>) => ({
    type: 'div',
    key: null,
    props: { style: { position: 'absolute', left: 20, top: 10, ...style }, children: text },
  })
  const children = [layer({ color: '#fff', WebkitTextStroke: '12px #fff' }), layer({})]
  const style = { display: 'flex', whiteSpace: 'nowrap', fontSize: FONT_SIZE, color: '#222' }
  const page = { type: 'div', key: null, props: { style, children } }
  // Takes a third of a second to load, and most libraries want no mark.
  const { default: satori } = await import('satori')
  const svg = await satori(page, {
    width: FONT_SIZE * (text.length + 1),
    height: 2 * FONT_SIZE,
    fonts: await Promise.all(SCRIPTS.map(readFont)),
    loadAdditionalAsset: async (_language, missing) => {
      throw new Error(`the font has no character ${missing}`)
    },
  })
  return faint(sharp(Buffer.from(svg)).trim())
}

async function readPng(file: string): Promise<Mark> {
  const picture = sharp(file, { limitInputPixels: LARGEST_INPUT_PIXELS })
  const { format } = await picture.metadata()
  if (format !== 'png') throw new Error('it is no PNG')
  return faint(picture)
}

async function faint(picture: Sharp): Promise<Mark> {
  const small = await picture
    .resize({ ...LARGEST, fit: 'inside', withoutEnlargement: true })
    .ensureAlpha()
    .png()
    .toBuffer()
  const raw = { width: 1, height: 1, channels: 4 as const }
  const { data, info } = await sharp(small)
    .composite([{ input: HALF_TRANSPARENT, raw, tile: true, blend: 'dest-in' }])
    .png()
    .toBuffer({ resolveWithObject: true })
  return { png: data, width: info.width, height: info.height }
}

async function readFont(script: string) {
  const file = `@fontsource/eb-garamond/files/eb-garamond-${script}-400-normal.woff`
  const data = await readFile(createRequire(import.meta.url).resolve(file))
  return { name: `EB Garamond ${script}`, weight: 400 as const, style: 'normal' as const, data }
}
