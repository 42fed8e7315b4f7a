import { DOMParser, type Element, onWarningStopParsing } from '@xmldom/xmldom'
import type { Reply } from '../outgoing.ts'

/** Parsing holds up everything else. The records of one barcode are far shorter than this. */
const MOST_BYTES = 1024 * 1024

/** @returns the outermost element of a reply with status 200, if it is XML; see `xmlIn` */
export function xmlOf(reply: Reply): Element | undefined {
  return reply.kind === 'reply' && reply.status === 200 ? xmlIn(reply.bytes) : undefined
}

/**
 * @returns the outermost element of a document; undefined when it is not well-formed XML in UTF-8,
 *   or has a document type (which may define entities without end)
 */
export function xmlIn(bytes: Buffer): Element | undefined {
  if (bytes.length > MOST_BYTES) return undefined
  try {
    return parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}

/** @throws when it is not well-formed, where the parser only warns too */
function parse(text: string): Element | undefined {
  const parser = new DOMParser({ locator: false, onError: onWarningStopParsing })
  const { doctype, documentElement } = parser.parseFromString(text, 'text/xml')
  return doctype === null ? (documentElement ?? undefined) : undefined
}

/** @returns the elements of this local name, of whatever namespace, right under another */
export function childrenOf(element: Element, name: string): Element[] {
  return [...element.childNodes].filter(
    (node): node is Element => node.nodeType === node.ELEMENT_NODE && node.localName === name,
  )
}

/** @returns the first element under another along these local names */
export function descend(element: Element | undefined, ...names: string[]): Element | undefined {
  return names.reduce<Element | undefined>(
    (at, name) => (at === undefined ? undefined : childrenOf(at, name)[0]),
    element,
  )
}

/** @returns its text, trimmed; '' when there is no such element */
export function textOf(element: Element | undefined): string {
  return element?.textContent?.trim() ?? ''
}
