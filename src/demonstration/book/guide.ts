/** Reads guide.md. Its notation is explained at the top of that file. */

export type Block =
  | { kind: 'paragraph'; text: string }
  | { kind: 'section'; title: string }
  | { kind: 'list'; ordered: boolean; items: string[] }
  | { kind: 'definition'; term: string; text: string }
  | { kind: 'figure'; name: string; caption: string }

/** `number` counts from 1; a preface or a glossary has none. */
export interface Chapter {
  title: string
  number: number | undefined
}

export interface GuidePage {
  chapter: Chapter
  /** True on the first page of the chapter. */
  opens: boolean
  blocks: Block[]
}

/**
 * @param markdown the text of guide.md
 * @returns its pages, as the author broke them
 * @throws when text stands before the first chapter
 */
export function parseGuide(markdown: string): GuidePage[] {
  const pages: GuidePage[] = []
  let chapter: Chapter | undefined
  let chapters = 0
  const withoutComment = markdown.replace(/<!--.*?-->/s, '').replaceAll("'", '’')
  for (const text of withoutComment.split(/^(?:---$|(?=# ))/m)) {
    const [first = '', ...rest] = text.trim().split(/\n{2,}/)
    if (first === '') continue
    const heading = /^# (.+?)( \{-\})?$/.exec(first)
    if (heading) chapter = { title: heading[1] ?? '', number: heading[2] ? undefined : ++chapters }
    if (!chapter) throw new Error(`The guide has text before its first chapter: ${first}`)
    const blocks = (heading ? rest : [first, ...rest]).map(parseBlock)
    pages.push({ chapter, opens: heading !== null, blocks })
  }
  return pages
}

function parseBlock(source: string): Block {
  const figure = /^!\[(.+)\]\((\w+)\)$/s.exec(source)
  if (figure) return { kind: 'figure', caption: oneLine(figure[1]), name: oneLine(figure[2]) }
  const definition = /^(.+)\n: (.+)$/s.exec(source)
  if (definition) {
    return { kind: 'definition', term: oneLine(definition[1]), text: oneLine(definition[2]) }
  }
  if (source.startsWith('## ')) return { kind: 'section', title: source.slice(3) }
  if (/^(-|\d+\.) /.test(source)) {
    const items = source.split(/^(?:-|\d+\.) /m).slice(1)
    return { kind: 'list', ordered: !source.startsWith('-'), items: items.map(oneLine) }
  }
  return { kind: 'paragraph', text: oneLine(source) }
}

function oneLine(text = ''): string {
  return text.trim().replaceAll(/\s+/g, ' ')
}
