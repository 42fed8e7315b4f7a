import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import markdownIt from 'markdown-it'
import type { Log } from '../log.ts'

/** The texts that a library may put in place of ours, or beside them: NAME.md in TEXTS_DIR. */
export const TEXTS = ['announcement', 'about', 'policy', 'copyright-notice', 'footer'] as const
export type TextName = (typeof TEXTS)[number]

/** A text as HTML; '' when there is none. */
export type Texts = (name: TextName) => string

const LARGEST_BYTES = 256 * 1024

/**
 * Reads texts when they are asked for, and again when their file has changed. One that turns
 * unreadable stays as it was: a notice that was to be accepted does not vanish by a slip.
 *
 * @throws when a text that is there cannot be read now
 */
export function textsIn(folder: string, log: Log): Texts {
  const read = new Map<TextName, { stamp: string; html: string }>()

  function look(name: TextName): string {
    const file = join(folder, `${name}.md`)
    const found = statSync(file, { throwIfNoEntry: false })
    if (found === undefined) {
      read.delete(name)
      return ''
    }
    const stamp = `${found.mtimeMs} ${found.size} ${found.ino}`
    const known = read.get(name)
    if (known?.stamp === stamp) return known.html
    const html = toHtml(readText(file, found.size))
    read.set(name, { stamp, html })
    return html
  }

  const reported = new Set<string>()
  for (const name of TEXTS) look(name)
  return (name) => {
    try {
      return look(name)
    } catch (cause) {
      const { message } = cause as Error
      if (!reported.has(message)) log.error({ text: name, reason: message }, 'text.unreadable')
      reported.add(message)
      return read.get(name)?.html ?? ''
    }
  }
}

function readText(file: string, size: number): string {
  if (size > LARGEST_BYTES) throw new Error(`${file} is larger than ${LARGEST_BYTES} bytes`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (cause) {
    throw new Error(`${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
}

/** CommonMark without HTML and pictures; pages have their own first heading, so texts begin at two. */
const markdown = markdownIt('commonmark', { html: false }).disable('image')
markdown.validateLink = (url) => /^(https?:\/\/|(?![a-z][a-z\d+.-]*:))/i.test(url)
markdown.core.ruler.push('headings', ({ tokens }) => {
  for (const token of tokens) {
    if (token.type.startsWith('heading_'))
      token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + 1)}`
  }
})

/** @returns HTML that holds no script, style or picture, and no link but http, https and paths */
export function toHtml(text: string): string {
  return markdown.render(text).trim()
}
