/** What satori lays out: the same shape as a React element, without React. */
export interface Element {
  type: string
  key: string | null
  props: Record<string, unknown> & { children: Node[] }
}

export type Node = Element | string

/** @param props attributes, `className` for book.css, `style` for what only this element has */
export function element(
  type: string,
  props: Record<string, unknown>,
  ...children: Node[]
): Element {
  return { type, key: null, props: { ...props, children } }
}

/** A `div` of one class of book.css. */
export function div(className: string, ...children: Node[]): Element {
  return element('div', { className }, ...children)
}
