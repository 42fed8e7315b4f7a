/** JSON as it is parsed, and the few questions that reading a manifest asks of it. */

export type Json = string | number | boolean | null | Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** IIIF allows one thing where it allows many: both come out as a list. */
export function list(value: Json | undefined): Json[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

export function objects(value: Json | undefined): JsonObject[] {
  return list(value).filter(isObject)
}

/** Whether arrays and objects lie more than `most` deep in each other. Looks no deeper than that. */
export function isDeeperThan(value: Json, most: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (most === 0) return true
  for (const inner of Object.values(value)) if (isDeeperThan(inner, most - 1)) return true
  return false
}

export type JsonReading = { kind: 'valid'; value: Json } | { kind: 'invalid'; reason: string }

/**
 * @param bytes a file; a byte order mark is dropped
 * @returns the value, or one sentence for staff that says where the file stops being JSON
 */
export function parseJson(bytes: Uint8Array): JsonReading {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return invalid(`The file is not UTF-8 text${notUtf8At(bytes)}. Save it as UTF-8.`)
  }
  if (text.trim() === '') return invalid('The file is empty: it may still be being written.')
  try {
    return { kind: 'valid', value: JSON.parse(text) as Json }
  } catch (fault) {
    return invalid(whereJsonEnds(text, fault instanceof Error ? fault.message : ''))
  }
}

function invalid(reason: string): JsonReading {
  return { kind: 'invalid', reason }
}

/** The engine's message gives a position, or else a snippet of the text around the fault. */
function whereJsonEnds(text: string, message: string): string {
  const given = /at position (\d+)/.exec(message)?.[1]
  const at = given === undefined ? snippetAt(text, message) : Number(given)
  if (/end of JSON input|Unterminated string/.test(message) || at === text.length) {
    const lines = text.split('\n').length
    return `The file ends in the middle of its JSON, on line ${lines}: it is half written or was cut off.`
  }
  const what = 'The file is not JSON'
  if (at === undefined) return `${what}: ${message}.`
  const before = text.slice(0, at).split('\n')
  return `${what}: see line ${before.length}, column ${(before.at(-1) ?? '').length + 1}.`
}

function snippetAt(text: string, message: string): number | undefined {
  const found = /^Unexpected token '(.)', (?:\.\.\.)?"(.*?)"(?:\.\.\.)? is not valid/su.exec(
    message,
  )
  const [token, snippet] = [found?.[1], found?.[2]]
  if (token === undefined || snippet === undefined) return undefined
  const start = text.indexOf(snippet)
  if (start === -1 || text.indexOf(snippet, start + 1) !== -1) return undefined
  // The snippet has up to ten characters before the fault.
  const within = snippet.indexOf(token, start === 0 ? 0 : Math.min(10, snippet.length - 1))
  return within === -1 ? undefined : start + within
}

function notUtf8At(bytes: Uint8Array): string {
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('utf8')
    .split('\n')
  const line = lines.findIndex((one) => one.includes('\ufffd'))
  return line === -1 ? '' : ` (see line ${line + 1})`
}
