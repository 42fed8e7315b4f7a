import { div, type Element, element } from './element.ts'

export const INK = '#26221e'
export const RED = '#7b2d26'
export const TAN = '#d9b98a'
export const SAND = '#efe3cf'
export const STONE = '#a8988a'
export const PAPER = '#fffdf8'

export const DRAWING_WIDTH = 1400

/** Shapes below, words above: satori sets type in boxes, not inside an SVG. */
export function drawing(height: number, shapes: Element[], labels: Element[]): Element {
  const style = { height }
  return element('div', { className: 'drawing', style }, canvas(height, shapes), ...labels)
}

export function canvas(height: number, shapes: Element[], width = DRAWING_WIDTH): Element {
  return element('svg', { width, height, viewBox: `0 0 ${width} ${height}` }, ...shapes)
}

/** Words in a box of the given width, centred on x, their top at y. */
export function label(words: string, at: { x: number; y: number; width: number }): Element {
  const style = { left: at.x - at.width / 2, top: at.y, width: at.width }
  const lines = words.split('\n').map((line) => div('label-line', line))
  return element('div', { className: 'label', style }, ...lines)
}

interface Box {
  x: number
  y: number
  width: number
  height: number
}

export function rect(box: Box, paint: Record<string, unknown>): Element {
  return element('rect', { ...box, ...paint })
}

/** @param d SVG path data, absolute coordinates */
export function path(d: string, paint: Record<string, unknown> = {}): Element {
  return element('path', { d, fill: 'none', stroke: INK, 'stroke-width': 5, ...paint })
}

/** An arrow to the right. */
export function arrow(x: number, y: number, length: number): Element {
  const tip = x + length
  return path(`M${x} ${y} H${tip} M${tip - 16} ${y - 14} L${tip} ${y} L${tip - 16} ${y + 14}`)
}

/** The back of a book, standing on the line y. */
export function spine(
  { x, y, width, height }: Box,
  colour: string,
  band: string = PAPER,
): Element[] {
  const top = y - height
  const bands = [top + 40, top + 56, y - 60].map((bandY) =>
    rect({ x, y: bandY, width, height: 6 }, { fill: band, opacity: 0.7 }),
  )
  return [rect({ x, y: top, width, height }, { fill: colour, rx: 5 }), ...bands]
}

/** The place where a book has been. */
export function gap({ x, y, width, height }: Box, colour: string): Element {
  const paint = { fill: 'none', stroke: colour, 'stroke-width': 5, 'stroke-dasharray': '18 12' }
  return rect({ x: x + 4, y: y - height, width: width - 8, height }, { ...paint, rx: 5 })
}

/** A screen that shows an open page, its upper left corner at x, y. */
export function screen(x: number, y: number): Element[] {
  const lines = [0, 1, 2, 3, 4].map((line) => `M${x + 62} ${y + 44 + line * 18} H${x + 118}`)
  return [
    rect({ x, y, width: 180, height: 150 }, { fill: SAND, stroke: INK, 'stroke-width': 5, rx: 8 }),
    rect({ x: x + 45, y: y + 18, width: 90, height: 120 }, { fill: PAPER, stroke: RED }),
    path(lines.join(' '), { stroke: STONE, 'stroke-width': 4 }),
    path(`M${x - 20} ${y + 176} H${x + 200}`, { 'stroke-width': 9 }),
  ]
}
