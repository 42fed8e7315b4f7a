import { canvas, gap, path, RED, rect, SAND, spine, TAN } from './drawing.ts'
import { div, type Element } from './element.ts'

/** The mark of Carrel: an arch, and in it an open book. */
export function ornament(colour: string): Element {
  const paint = { stroke: colour, 'stroke-width': 7 }
  const book = 'M130 218 C105 196 76 194 52 202 V132 C76 124 105 126 130 148 Z'
  const right = 'M130 218 C155 196 184 194 208 202 V132 C184 124 155 126 130 148'
  return div(
    'ornament',
    canvas(
      260,
      [path('M20 250 V130 A110 110 0 0 1 240 130 V250 Z', paint), path(`${book} ${right}`, paint)],
      260,
    ),
  )
}

/** Three shelves of books with one book gone: the picture on the cover. */
export function bookshelf(): Element {
  const [width, shelfHeight, colours] = [1300, 440, [SAND, TAN, '#b98b62', '#9c5242']]
  const shapes: Element[] = []
  for (let shelf = 0; shelf < 3; shelf++) {
    const y = (shelf + 1) * shelfHeight - 10
    for (let x = 8, n = shelf * 5; x < width - 90; n++) {
      const box = { x, y, width: 52 + ((n * 37) % 44), height: 270 + ((n * 53) % 110) }
      const colour = colours[(n * 7 + ((n * n) % 3)) % 4] ?? SAND
      const missing = shelf === 1 && x > 640 && x < 720
      shapes.push(...(missing ? [gap({ ...box, height: 350 }, SAND)] : spine(box, colour, RED)))
      x += box.width + 6
    }
    shapes.push(rect({ x: 0, y, width, height: 10 }, { fill: TAN }))
  }
  return div('bookshelf', canvas(3 * shelfHeight, shapes, width))
}

/** The coloured paper inside the covers: rows of small arches. */
export function endpaper(): Element {
  const arches: string[] = []
  for (let row = 0; row < 20; row++) {
    for (let column = 0; column < 14; column++) {
      const x = (column + (row % 2) / 2) * 150 - 50
      const y = (row + 1) * 150
      arches.push(`M${x} ${y} V${y - 55} a45 45 0 0 1 90 0 V${y}`)
    }
  }
  const shapes = [path(arches.join(' '), { stroke: TAN, 'stroke-width': 4 })]
  return div('page endpaper', canvas(3000, shapes, 2000))
}
