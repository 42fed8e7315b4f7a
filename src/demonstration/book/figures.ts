import {
  arrow,
  drawing,
  gap,
  INK,
  label,
  PAPER,
  path,
  RED,
  rect,
  SAND,
  STONE,
  screen,
  spine,
  TAN,
} from './drawing.ts'
import type { Element } from './element.ts'

const FIGURES: Record<string, () => Element> = { shelf, ratio, timeline, flow, pyramid }

/** @throws when guide.md asks for a figure that nobody has drawn */
export function drawFigure(name: string): Element {
  const draw = FIGURES[name]
  if (!draw) throw new Error(`The guide asks for a figure ${name}, which is not in figures.ts`)
  return draw()
}

function shelf(): Element {
  const copies = [210, 290, 370]
  const row = (y: number, away: number | undefined) => [
    ...[40, 120].flatMap((x) => spine({ x, y, width: 70, height: 250 + x / 2 }, TAN)),
    ...copies.flatMap((x) => {
      const box = { x, y, width: 70, height: 330 }
      return x === away ? [gap(box, RED)] : spine(box, RED)
    }),
    ...[460, 540, 620].flatMap((x) => spine({ x, y, width: 66, height: 520 - x / 2.4 }, TAN)),
    path(`M0 ${y + 6} H720`, { 'stroke-width': 12 }),
  ]
  const away = spine({ x: 855, y: 850, width: 70, height: 330 }, RED)
  const box = path('M800 640 V856 H980 V640', { 'stroke-width': 10 })
  return drawing(
    960,
    [...row(370, undefined), ...row(850, 290), ...away, box, ...screen(1150, 674)],
    [
      label('Before', { x: 360, y: 386, width: 400 }),
      label('During a loan', { x: 360, y: 870, width: 400 }),
      label('put away', { x: 890, y: 870, width: 300 }),
      label('on loan', { x: 1240, y: 870, width: 300 }),
      label('three owned,\nthree on the shelf', { x: 1060, y: 180, width: 500 }),
    ],
  )
}

function ratio(): Element {
  const openLoans = [0, 1, 2, 2, 1, 2, 2, 2, 1, 2, 1, 0]
  const [left, floor, perLoan, perHour] = [120, 520, 190, 90]
  const columns = openLoans.map((loans, hour) => {
    const height = loans * perLoan
    const x = left + 20 + hour * perHour
    return rect({ x, y: floor - height, width: perHour - 28, height }, { fill: TAN })
  })
  const limit = floor - 2 * perLoan
  return drawing(
    610,
    [
      ...columns,
      path(`M${left} ${floor} H1240 M${left} ${floor} V80`),
      path(`M${left} ${limit} H1240`, { stroke: RED, 'stroke-dasharray': '24 14' }),
    ],
    [
      ...[0, 1, 2].map((n) => label(String(n), { x: 70, y: floor - n * perLoan - 30, width: 60 })),
      ...[0, 4, 8, 12].map((hour) =>
        label(`${8 + hour}:00`, { x: left + hour * perHour, y: floor + 20, width: 200 }),
      ),
      label('2 copies', { x: 1320, y: limit - 32, width: 200 }),
    ],
  )
}

function timeline(): Element {
  const at = (minute: number) => 100 + minute * 7.4
  const [start, due, again] = [at(0), at(120), at(150)]
  const bar = { y: 210, height: 90 }
  const ticks = [0, 120, 150].map((minute) => `M${at(minute)} 190 V330`).join(' ')
  const warnings = [105, 115].map((minute) => `M${at(minute)} 160 V210`).join(' ')
  return drawing(
    470,
    [
      rect({ x: start, ...bar, width: due - start }, { fill: RED }),
      rect({ x: due, ...bar, width: again - due }, { fill: TAN }),
      path(`M40 300 H1380`),
      path(ticks),
      path(warnings, { stroke: RED }),
    ],
    [
      label('10:00\nborrow', { x: start, y: 340, width: 240 }),
      label('12:00\ndue', { x: due, y: 340, width: 200 }),
      label('12:30\nforgotten', { x: again, y: 340, width: 240 }),
      label('warnings\n11:45, 11:55', { x: at(110), y: 40, width: 300 }),
      label('cooling-off', { x: at(150), y: 124, width: 240 }),
    ],
  )
}

function flow(): Element {
  const steps = ['paper copy', 'page scans', 'images', 'manifest', 'the gate', 'reader']
  const centre = (index: number) => 90 + index * 236
  const sheet = { fill: PAPER, stroke: INK, 'stroke-width': 5 }
  const page = (x: number, y: number) => rect({ x, y, width: 90, height: 120 }, sheet)
  const [manifest, gate] = [centre(3), centre(4)]
  return drawing(
    380,
    [
      ...spine({ x: centre(0) - 35, y: 276, width: 70, height: 220 }, RED),
      ...[page(centre(1) - 30, 150), page(centre(1) - 60, 120)],
      ...pageInTiles(centre(2) - 60, 100, { columns: 2, rows: 3, tile: 60 }),
      rect({ x: manifest - 55, y: 110, width: 110, height: 150 }, sheet),
      path([0, 1, 2, 3].map((n) => `M${manifest - 30} ${145 + n * 28} h60`).join(' ')),
      path(`M${gate - 55} 276 V155 a55 55 0 0 1 110 0 V276`, { stroke: RED, 'stroke-width': 14 }),
      ...screen(centre(5) - 76, 100),
      ...steps.slice(1).map((_, index) => arrow(centre(index) + 84, 190, 40)),
    ],
    steps.map((step, index) =>
      label(step, { x: centre(index) + (index === 5 ? 14 : 0), y: 320, width: 236 }),
    ),
  )
}

function pyramid(): Element {
  const [floor, tile] = [630, 100]
  return drawing(
    720,
    [
      ...pageInTiles(100, floor - 150, { columns: 1, rows: 1.5, tile }),
      ...pageInTiles(420, floor - 300, { columns: 2, rows: 3, tile }),
      ...pageInTiles(860, floor - 600, { columns: 4, rows: 6, tile }),
      rect({ x: 960, y: 230, width: 200, height: 200 }, { fill: TAN, opacity: 0.8 }),
      path('M990 260 H1130 V400 H990 Z', { stroke: RED, 'stroke-width': 9 }),
    ],
    [
      label('500 × 750', { x: 150, y: floor + 24, width: 300 }),
      label('1000 × 1500', { x: 520, y: floor + 24, width: 320 }),
      label('2000 × 3000', { x: 1060, y: floor + 24, width: 400 }),
    ],
  )
}

function pageInTiles(
  x: number,
  y: number,
  { columns, rows, tile }: { columns: number; rows: number; tile: number },
): Element[] {
  const [width, height] = [columns * tile, rows * tile]
  const down = Array.from(
    { length: columns - 1 },
    (_, n) => `M${x + (n + 1) * tile} ${y} v${height}`,
  )
  const across = Array.from(
    { length: Math.ceil(rows) - 1 },
    (_, n) => `M${x} ${y + (n + 1) * tile} h${width}`,
  )
  return [
    rect({ x, y, width, height }, { fill: SAND, stroke: INK, 'stroke-width': 5 }),
    path([...down, ...across].join(' '), { stroke: STONE, 'stroke-width': 3 }),
  ]
}
