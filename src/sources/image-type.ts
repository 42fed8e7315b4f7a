import type { ImageType } from './source.ts'

const JPEG_END = Buffer.from([0xff, 0xd9])
const PNG_END = Buffer.from('0000000049454e44ae426082', 'hex')

/** @returns the type that the first bytes prove, or undefined. SVG is text and has none. */
export function typeOf(bytes: Buffer): ImageType | undefined {
  const head = bytes.toString('latin1', 0, 12)
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return 'image/gif'
  if (head.startsWith('RIFF') && head.endsWith('WEBP')) return 'image/webp'
  return undefined
}

/** @returns whether the image's own end is there: a cut image is never shown and never kept. */
export function isWhole(bytes: Buffer, type: ImageType): boolean {
  if (type === 'image/webp') return bytes.length >= 12 && bytes.readUInt32LE(4) + 8 <= bytes.length
  const body = withoutPadding(bytes)
  if (type === 'image/gif') return body.at(-1) === 0x3b
  return endsWith(body, type === 'image/jpeg' ? JPEG_END : PNG_END)
}

/** Scanners and card readers pad files to whole blocks; no image ends in these bytes itself. */
function withoutPadding(bytes: Buffer): Buffer {
  let end = bytes.length
  while (end > 0 && isPadding(bytes[end - 1])) end--
  return bytes.subarray(0, end)
}

function isPadding(byte: number | undefined): boolean {
  return byte === 0x00 || byte === 0xff || byte === 0x0a || byte === 0x0d || byte === 0x20
}

function endsWith(bytes: Buffer, end: Buffer): boolean {
  return bytes.length >= end.length && bytes.subarray(-end.length).equals(end)
}
