/** One `KEY = value` of a settings file. */
export interface IniEntry {
  readonly section: string
  readonly key: string
  readonly value: string
  readonly line: number
}

export interface IniFile {
  readonly entries: readonly IniEntry[]
  /** Lines that mean nothing, each as a sentence with its number. */
  readonly faults: readonly string[]
}

const COMMENT = /(^|\s)#(?!(?<=[=:]\s*#)[0-9a-f]{6}(\s|$)).*$/i

/**
 * Reads the INI dialect of Python's configparser, which DIBS's settings files are written in:
 * `KEY = value` or `KEY: value`, whole-line comments with `#` or `;`, a comment behind ` #`, a
 * value that goes on in indented lines. `= #1d4f7a` is a colour and no comment. Keys are case-insensitive and come out in capitals.
 */
export function readIni(text: string): IniFile {
  const entries: IniEntry[] = []
  const faults: string[] = []
  let section = ''
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    const line = index + 1
    const content = raw.replace(COMMENT, '').trimEnd()
    if (content.trim() === '' || content.trimStart().startsWith(';')) continue
    const last = entries.at(-1)
    if (
      /^\s/.test(content) &&
      last?.section === section &&
      !/^\s*\[|^\s*\w+\s*[=:]/.test(content)
    ) {
      entries[entries.length - 1] = { ...last, value: `${last.value} ${content.trim()}`.trim() }
      continue
    }
    const heading = /^\s*\[([^\]]+)\]$/.exec(content)
    const pair = /^\s*([A-Za-z][\w-]*)\s*[=:]\s*(.*)$/.exec(content)
    if (heading) section = heading[1]!.trim().toLowerCase()
    else if (pair && section === '') faults.push(`line ${line}: stands before the first [section]`)
    else if (pair) entries.push({ section, key: pair[1]!.toUpperCase(), value: pair[2]!, line })
    else faults.push(`line ${line}: expected KEY = value or [section]`)
  }
  return { entries, faults }
}
