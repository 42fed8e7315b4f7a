/** A colour as its red, green and blue, 0 to 255 each. */
type Rgb = readonly [number, number, number]

/** What text must have against its ground (WCAG 2.2, success criterion 1.4.3). */
export const READABLE = 4.5

/**
 * How well two colours stand out from each other: 1 (not at all) to 21 (black on white).
 * WCAG 2.2, "contrast ratio" and "relative luminance".
 *
 * @param one `#rrggbb`
 */
export function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].toSorted((a, b) => b - a)
  return (light! + 0.05) / (dark! + 0.05)
}

/** @param share 0 leaves `colour` as it is, 1 makes it `other` */
export function mix(colour: string, other: string, share: number): string {
  const to = parse(other)
  const mixed = parse(colour).map((part, n) => Math.round(part + (to[n]! - part) * share))
  return `#${mixed.map((part) => part.toString(16).padStart(2, '0')).join('')}`
}

function luminance(colour: string): number {
  const [red, green, blue] = parse(colour).map((part) => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}

function parse(colour: string): Rgb {
  const parts = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour)
  if (!parts) throw new Error(`${colour} is no colour as #1d4f7a`)
  return parts.slice(1).map((part) => Number.parseInt(part, 16)) as unknown as Rgb
}
