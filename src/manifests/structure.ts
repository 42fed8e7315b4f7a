/**
 * What a reader gets of a manifest, key by key, for Presentation 2.1 and 3.0. Only what stands in
 * these tables is served: any other key, and a value not of the expected form, is left out.
 */

import { comment, painting, part } from './annotations.ts'
import { typeOf } from './images.ts'
import { isObject, type JsonObject } from './json.ts'
import {
  dateTime,
  each,
  keep,
  link,
  object,
  own,
  pairs,
  type Rule,
  reference,
  type Serving,
  seconds,
  size,
  table,
  token,
  uri,
  whole,
  words,
} from './values.ts'

const CONTEXT = {
  2: 'http://iiif.io/api/presentation/2/context.json',
  3: 'http://iiif.io/api/presentation/3/context.json',
} as const

/** The manifest as readers get it; in document order, so that pictures can be numbered. */
export function served(document: JsonObject, to: Serving): JsonObject {
  const context = CONTEXT[to.presentation]
  return { '@context': context, ...own('manifest', document, to), ...keep(document, MANIFEST, to) }
}

const pictures: Rule = each((value, to) => to.picture(value, 'thumbnail'))
const logos: Rule = each((value, to) => to.picture(value, 'logo'))

const AGENT = table({ label: words, logo: logos })
const agents = each(object((node, to) => ({ ...own('agent', node, to), ...keep(node, AGENT, to) })))

/** Keys that any part of a manifest may have. */
const COMMON = {
  label: words,
  metadata: pairs,
  description: words,
  summary: words,
  attribution: words,
  requiredStatement: pairs,
  license: uri,
  rights: uri,
  navDate: dateTime,
  viewingDirection: token,
  viewingHint: token,
  behavior: token,
  thumbnail: pictures,
  logo: logos,
  provider: agents,
  related: link,
  rendering: link,
  seeAlso: link,
  homepage: link,
  service: link,
  services: link,
  within: whole,
  partOf: whole,
}

const PAINTED_PAGE = table({ ...COMMON, items: each(painting) })
const paintedPages = each(
  object((node, to) => ({ ...own('page', node, to), ...keep(node, PAINTED_PAGE, to) })),
)

const COMMENT_PAGE = table({ ...COMMON, items: each(comment), resources: each(comment) })
/** A page of notes that is only a link, or of which no note may stay, goes as any link does. */
const commentPages = each(
  object((node, to) => {
    const kept = keep(node, COMMENT_PAGE, to)
    if (kept.items === undefined && kept.resources === undefined) return link(node, to)
    return { ...own('page', node, to), ...kept }
  }),
)

const canvas: Rule = object((node, to) => ({
  ...own('canvas', node, to),
  ...keep(node, CANVAS, to),
}))
const CANVAS = table({
  ...COMMON,
  width: size,
  height: size,
  duration: seconds,
  images: each(painting),
  otherContent: commentPages,
  items: paintedPages,
  annotations: commentPages,
  placeholderCanvas: each(canvas),
  accompanyingCanvas: each(canvas),
})

const SEQUENCE = table({ ...COMMON, startCanvas: reference, canvases: each(canvas) })
const sequences = each(
  object((node, to) => ({ ...own('sequence', node, to), ...keep(node, SEQUENCE, to) })),
)

const range: Rule = object((node, to) => ({ ...own('range', node, to), ...keep(node, RANGE, to) }))
const rangeItem: Rule = (value, to) =>
  isObject(value) && typeOf(value) === 'Range' && !isReference(value)
    ? range(value, to)
    : part(value, to)

/** An entry that names a range defined elsewhere in the structures. */
function isReference(node: JsonObject): boolean {
  return node.items === undefined && node.canvases === undefined && node.ranges === undefined
}

const RANGE = table({
  ...COMMON,
  ranges: each(reference),
  canvases: each(reference),
  members: each(reference),
  items: each(rangeItem),
  start: part,
  startCanvas: reference,
})

const MANIFEST = table({
  ...COMMON,
  sequences,
  items: each(canvas),
  structures: each(range),
  otherContent: commentPages,
  annotations: commentPages,
  placeholderCanvas: each(canvas),
  accompanyingCanvas: each(canvas),
  start: part,
  startCanvas: reference,
})
