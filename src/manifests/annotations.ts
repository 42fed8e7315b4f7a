/** Annotations: the images that make a page, and the notes written on it. */

import { typeOf } from './images.ts'
import { isObject, type Json, type JsonObject } from './json.ts'
import {
  each,
  keep,
  object,
  own,
  type Rule,
  reference,
  type Serving,
  table,
  token,
  words,
} from './values.ts'

/** The image, or the choice of images, that an annotation paints on its canvas. */
const painted: Rule = each((body, to) => {
  if (!isObject(body)) return to.picture(body, 'painting')
  const type = typeOf(body)
  if (type === 'Choice') return choice(body, to)
  if (type === 'SpecificResource') return specific(body, to)
  if (isText(body)) return note(body, to)
  return OTHER_MEDIA.test(type) ? undefined : to.picture(body, 'painting')
})
const OTHER_MEDIA = /^(?:Video|Sound|MovingImage|Audio|Text|Dataset|Model|Canvas|Manifest)$/i

const CHOICE = table({ default: painted, item: painted, items: painted, label: words })

function choice(body: JsonObject, to: Serving): JsonObject | undefined {
  const kept = keep(body, CHOICE, to)
  if (kept.default === undefined && kept.item === undefined && kept.items === undefined) {
    return undefined
  }
  return typed(to, 'oa:Choice', 'Choice', kept)
}

const SPECIFIC = table({ full: painted, source: painted, selector: object(selector) })

function specific(body: JsonObject, to: Serving): JsonObject | undefined {
  const kept = keep(body, SPECIFIC, to)
  if (kept.full === undefined && kept.source === undefined) return undefined
  return typed(to, 'oa:SpecificResource', 'SpecificResource', kept)
}

const SELECTOR = table({
  type: token,
  '@type': token,
  value: form(/^(?:xywh=(?:(?:pixel|percent):)?[\d.,]+|t=(?:npt:)?[\d.,:]+)$/),
  region: form(/^(?:full|square|(?:pct:)?[\d.,]+)$/),
  rotation: form(/^!?[\d.]{1,9}$/),
  x: number,
  y: number,
  t: number,
})

/** A region, rotation or point. A drawing (SVG) goes, and the note then stands for its page. */
function selector(node: JsonObject, to: Serving): JsonObject | undefined {
  const kept = keep(node, SELECTOR, to)
  return Object.keys(kept).some((key) => !key.endsWith('type')) ? kept : undefined
}

function form(allowed: RegExp): Rule {
  return (value) => (typeof value === 'string' && allowed.test(value) ? value : undefined)
}

function number(value: Json): Json | undefined {
  return typeof value === 'number' ? value : undefined
}

function isText(body: JsonObject): boolean {
  return typeof body.chars === 'string' || typeof body.value === 'string'
}

const NOTE = table({ chars: words, value: words, language: token, purpose: token })

/** A body that is written out, as plain text whatever it was. */
function note(body: JsonObject, to: Serving): JsonObject {
  return typed(to, 'cnt:ContentAsText', 'TextualBody', {
    format: 'text/plain',
    ...keep(body, NOTE, to),
  })
}

const notes: Rule = each(object((body, to) => (isText(body) ? note(body, to) : undefined)))

/** Where an annotation lies: a canvas, part of one (`#xywh=`), or with a selector. */
const target: Rule = each((value, to) => {
  if (!isObject(value)) return reference(value, to)
  const part = isObject(value.selector) ? selector(value.selector, to) : undefined
  const source = value.source ?? value.full
  const place = reference(source ?? value, to)
  if (place === undefined || (source === undefined && part === undefined)) return place
  const key = value.full === undefined ? 'source' : 'full'
  const whole = { [key]: place, ...(part === undefined ? {} : { selector: part }) }
  return typed(to, 'oa:SpecificResource', 'SpecificResource', whole)
})

/** A part of a canvas, as an entry of a table of contents. */
export const part: Rule = target

const REST = table({ on: target, target, label: words })

/** An annotation that paints its canvas; with nothing to paint it goes. */
export const painting = object((node, to) => annotation(node, painted, to))

/** A note on its canvas; it goes when it had a body and no words of it may stay. */
export const comment = object((node, to) => annotation(node, notes, to))

function annotation(node: JsonObject, bodies: Rule, to: Serving): JsonObject | undefined {
  const key = to.presentation === 2 ? 'resource' : 'body'
  const body = node[key] === undefined ? undefined : bodies(node[key], to)
  if (body === undefined && (bodies === painted || node[key] !== undefined)) return undefined
  return {
    ...own('annotation', node, to),
    ...(bodies === painted
      ? { motivation: to.presentation === 2 ? 'sc:painting' : 'painting' }
      : keep(node, MOTIVATION, to)),
    ...(body === undefined ? {} : { [key]: body }),
    ...keep(node, REST, to),
  }
}

const MOTIVATION = table({ motivation: token })

function typed(to: Serving, two: string, three: string, rest: JsonObject): JsonObject {
  return to.presentation === 2 ? { '@type': two, ...rest } : { type: three, ...rest }
}
