/** Our own stable ids for the parts of a manifest, and what its references become. */

import { idOf, typeOf } from './images.ts'
import { type Json, type JsonObject, objects } from './json.ts'

export type PartKind =
  | 'manifest'
  | 'sequence'
  | 'canvas'
  | 'range'
  | 'page'
  | 'annotation'
  | 'agent'

export interface Names {
  /** The id of a part that the manifest defines. Asked again for the same part, the same id. */
  of(kind: PartKind, part: JsonObject): string
  /** What a reference to a part, with or without `#xywh=` or `#t=`, becomes. */
  reference(id: string): string
  /** The same, or undefined when the manifest defines no such part. */
  known(id: string): string | undefined
}

/** The pages of the book: `sequences[].canvases[]` in version 2, `items[]` in version 3. */
export function canvasesOf(document: JsonObject): JsonObject[] {
  if (document.sequences === undefined) return objects(document.items)
  return objects(document.sequences).flatMap((sequence) => objects(sequence.canvases))
}

/**
 * Canvases and ranges are numbered by their place in the manifest (`/canvas/3`), all other parts
 * in the order in which they are named first.
 */
export function partNames(manifestUrl: string, document: JsonObject): Names {
  const byId = new Map<string, string>([[idOf(document), manifestUrl]])
  const byPart = new Map<JsonObject, string>([[document, manifestUrl]])
  const counts = new Map<PartKind | 'elsewhere', number>()

  function name(kind: PartKind | 'elsewhere', id: string): string {
    const given = byId.get(id)
    if (given !== undefined && id !== '') return given
    const number = (counts.get(kind) ?? 0) + 1
    counts.set(kind, number)
    const own = `${manifestUrl}/${kind}/${number}`
    byId.set(id, own)
    return own
  }
  function inPlace(kind: PartKind, parts: readonly JsonObject[]): void {
    parts.forEach((part, index) => {
      counts.set(kind, index)
      byPart.set(part, name(kind, idOf(part)))
      counts.set(kind, index + 1)
    })
  }
  inPlace('canvas', canvasesOf(document))
  inPlace('range', rangesOf(document.structures))

  function known(id: string): string | undefined {
    const [base, fragment] = split(id)
    if (base === '') return undefined
    return byId.get(id) ?? joined(byId.get(base), fragment)
  }
  return {
    of: (kind, part) => byPart.get(part) ?? name(kind, idOf(part)),
    known,
    reference: (id) => {
      const [base, fragment] = split(id)
      return known(id) ?? joined(name('elsewhere', base), fragment) ?? ''
    },
  }
}

function rangesOf(structures: Json | undefined): JsonObject[] {
  return objects(structures)
    .filter((part) => typeOf(part) === 'Range')
    .flatMap((range) => [range, ...rangesOf(range.items)])
}

/** Media Fragments 4.2: a part of the page or of time. */
const FRAGMENT = /^(?:xywh=(?:(?:pixel|percent):)?[\d.,]+|t=(?:npt:)?[\d.,:]+)$/

function split(id: string): [base: string, fragment: string] {
  const at = id.lastIndexOf('#')
  const fragment = id.slice(at + 1)
  return at !== -1 && FRAGMENT.test(fragment) ? [id.slice(0, at), fragment] : [id, '']
}

function joined(base: string | undefined, fragment: string): string | undefined {
  return base === undefined || fragment === '' ? base : `${base}#${fragment}`
}
