/** Words of a manifest as a reader may see them: no markup, no address of an image server. */

import { domainToUnicode } from 'node:url'

const MOST_ROUNDS = 8

/** Text in, plain text out. */
export type PlainText = (text: string) => string

/**
 * @param hostnames of the image servers
 * @returns a function that strips tags and takes out every word that names one of the hosts, also
 *   one hidden behind percent, HTML or JSON escapes
 */
export function plainTextWithout(hostnames: readonly string[]): PlainText {
  const mentions = mentionsOf(hostnames)
  const once = (text: string) => withoutWords(withoutTags(text), mentions)
  // Taking something out can join what stood around it, so it is done until nothing changes.
  return (text) => {
    let plain = text
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const next = once(plain)
      if (next === plain) return plain
      plain = next
    }
    return ''
  }
}

/** Whether a text names one of the hosts, plainly or escaped up to three times. */
export function mentionsOf(hostnames: readonly string[]): (text: string) => boolean {
  const spellings = hostnames.flatMap((host) => [host, domainToUnicode(host)])
  // A name without a dot is also an ordinary word: there only `//name` counts.
  const needles = [...new Set(spellings)]
    .filter((host) => host !== '')
    .map((host) => (host.includes('.') ? host : `//${host}`))
  const plainly = (text: string) => {
    const lower = text.toLowerCase()
    return needles.some((needle) => lower.includes(needle))
  }
  return (text) => plainly(text) || (/[%&\\]/.test(text) && plainly(unescaped(text)))
}

function withoutTags(text: string): string {
  if (!text.includes('<')) return text
  return text
    .replace(/<(script|style)\b[^<>]*>[^<]*<\/\1>/gi, '')
    .replace(/<\/?(?:p|div|br|li|tr|h[1-6])\b[^<>]*>/gi, ' ')
    .replace(/<[a-z/!?][^<>]*>/gi, '')
    .replace(/&(amp|lt|gt|quot|apos|nbsp);/g, entity)
    .trim()
}

function withoutWords(text: string, mentions: (text: string) => boolean): string {
  if (!mentions(text)) return text
  return unescaped(text)
    .split(/([\s"'<>()]+)/)
    .filter((word) => !mentions(word))
    .join('')
    .replace(/ {2,}/g, ' ')
    .trim()
}

function unescaped(text: string): string {
  let plain = text
  for (let round = 0; round < 3; round += 1) {
    plain = plain
      .replace(/\\(?:u([0-9a-f]{4})|([/"\\]))/gi, (_, code, sign) => sign ?? sign16(code))
      .replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7}));?/gi, (_, hex, decimal) =>
        codePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)),
      )
      .replace(/&(\w+);/g, entity)
      .replace(/(?:%[0-9a-f]{2})+/gi, percent)
  }
  return plain
}

const ENTITIES = new Map(
  Object.entries({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }).concat(
    Object.entries({ sol: '/', colon: ':', period: '.', hyphen: '-', lowbar: '_', percnt: '%' }),
  ),
)

function entity(all: string, name: string): string {
  return ENTITIES.get(name) ?? all
}

function sign16(hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16))
}

function codePoint(code: number): string {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ''
}

function percent(run: string): string {
  return Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8')
}
