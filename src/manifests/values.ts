/** The plain values of a manifest, each with the one form in which it may be served. */

import { idOf, pixels } from './images.ts'
import { isObject, type Json, type JsonObject } from './json.ts'
import type { Names, PartKind } from './names.ts'

/** What the tables need to know. Listing the images and rewriting them give different answers. */
export interface Serving {
  readonly presentation: 2 | 3
  readonly names: Names
  /** Words without markup and without addresses of image servers. */
  readonly text: (text: string) => string
  /** Whether a text names an image server. */
  readonly mentions: (text: string) => boolean
  /** The picture as readers get it, or undefined when they get none. */
  readonly picture: (resource: Json, use: PictureUse) => JsonObject | undefined
  /** Whether a link out of the manifest may stay. */
  readonly mayLink: (url: string) => boolean
}
export type PictureUse = 'painting' | 'thumbnail' | 'logo'

/** A value in, what is served of it out; undefined leaves the key out. */
export type Rule = (value: Json, to: Serving) => Json | undefined
export type Table = ReadonlyMap<string, Rule>

export function table(rules: Record<string, Rule>): Table {
  return new Map(Object.entries(rules))
}

/** The keys of an object that the table names, in the object's own order. */
export function keep(node: JsonObject, rules: Table, to: Serving): JsonObject {
  const kept: JsonObject = {}
  for (const [key, value] of Object.entries(node)) {
    const served = rules.get(key)?.(value, to)
    if (served !== undefined) kept[key] = served
  }
  return kept
}

/** The rule for one value made into a rule for one or many; many of which none stays are none. */
export function each(rule: Rule): Rule {
  return (value, to) => {
    if (!Array.isArray(value)) return rule(value, to)
    const kept = value.map((one) => rule(one, to)).filter((one) => one !== undefined)
    return kept.length === 0 && value.length > 0 ? undefined : kept
  }
}

/** A rule for objects; everything else goes. */
export function object(rule: (node: JsonObject, to: Serving) => Json | undefined): Rule {
  return (value, to) => (isObject(value) ? rule(value, to) : undefined)
}

const LANGUAGE = /^@?[A-Za-z0-9-]{1,35}$/

/** Text, in any of the forms of Presentation 2.1 4.3 (`@value`) and 3.0 4.1 (language map). */
export const words: Rule = (value, to) => {
  if (typeof value === 'string') return to.text(value)
  if (Array.isArray(value)) return value.map((one) => words(one, to) ?? '')
  if (!isObject(value)) return value
  const kept: JsonObject = {}
  for (const [language, text] of Object.entries(value)) {
    if (LANGUAGE.test(language)) kept[language] = words(text, to) ?? ''
  }
  return kept
}

function matching(form: RegExp): Rule {
  return each((value, to) =>
    typeof value === 'string' && form.test(value) && !to.mentions(value) ? value : undefined,
  )
}

/** A word of the vocabulary, such as `paged` or `sc:painting`. */
export const token = matching(/^[A-Za-z][A-Za-z-]*(?::[A-Za-z-]+)?$/)
export const mediaType = matching(/^[a-z]+\/[a-z0-9.+-]+$/i)
export const dateTime = matching(/^-?\d{4,6}-\d\d-\d\d[\dT:.Z+-]*$/)
/** A licence, profile or context: an address that names something and is not an image server's. */
export const uri = matching(/^https?:\/\/[^\s"'<>]+$/)

export const size: Rule = (value) => pixels(value)
export const seconds: Rule = (value) => (typeof value === 'number' ? value : undefined)

const LABELLED = table({ label: words, value: words })
/** `metadata` and `requiredStatement`: pairs of label and value. */
export const pairs = each(object((node, to) => keep(node, LABELLED, to)))

function identity(id: string, to: Serving): JsonObject {
  return to.presentation === 2 ? { '@id': id } : { id }
}

const LINK = table({
  '@context': uri,
  '@type': token,
  type: token,
  format: mediaType,
  profile: uri,
  label: words,
})

/** A link out of the manifest, bare or as an object. It goes unless it is allowed. */
export const link: Rule = each((value, to) => {
  if (typeof value === 'string') return to.mayLink(value) ? value : undefined
  if (!isObject(value) || !to.mayLink(idOf(value))) return undefined
  const service = value.service === undefined ? undefined : link(value.service, to)
  return {
    ...identity(idOf(value), to),
    ...keep(value, LINK, to),
    ...(service === undefined ? {} : { service }),
  }
})

/** `within` and `partOf`: a part of this manifest by its new id, or else a link. */
export const whole: Rule = each((value, to) => {
  const id = isObject(value) ? idOf(value) : value
  const known = typeof id === 'string' ? to.names.known(id) : undefined
  if (known === undefined) return link(value, to)
  return isObject(value) ? { ...identity(known, to), ...keep(value, LINK, to) } : known
})

/** A reference to a part of the manifest, bare or as an object with id and type. */
export const reference: Rule = (value, to) => {
  if (typeof value === 'string') return value === '' ? undefined : to.names.reference(value)
  if (!isObject(value) || idOf(value) === '') return undefined
  return { ...identity(to.names.reference(idOf(value)), to), ...keep(value, LINK, to) }
}

const TYPES: Readonly<Record<PartKind, readonly [two: string, three: string]>> = {
  manifest: ['sc:Manifest', 'Manifest'],
  sequence: ['sc:Sequence', 'Sequence'],
  canvas: ['sc:Canvas', 'Canvas'],
  range: ['sc:Range', 'Range'],
  page: ['sc:AnnotationList', 'AnnotationPage'],
  annotation: ['oa:Annotation', 'Annotation'],
  agent: ['foaf:Agent', 'Agent'],
}

/** The id and type with which a part of the manifest begins. */
export function own(kind: PartKind, node: JsonObject, to: Serving): JsonObject {
  const id = to.names.of(kind, node)
  const [two, three] = TYPES[kind]
  return to.presentation === 2 ? { '@id': id, '@type': two } : { id, type: three }
}
