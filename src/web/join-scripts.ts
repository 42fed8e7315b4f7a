import { posix } from 'node:path'

/** `import { a, b as c } from './name.js'` or `import './name.js'`, at the head of a script. */
const IMPORT = /\s*import\s*(?:\{([^}]*)\}\s*from\s*)?["'](\.\/[^"']+)["'];?/y
const LAZY_IMPORT = /\bimport\("(\.\/[^"]+)"\)/g
const EXPORT_LIST = /\bexport\s*\{([^}]*)\};?/g
const EXPORTED_HERE = /^export (?=(?:(?:async )?function|const) (\w+))/gm
/** An import or export that is written in any other way. */
const STRAY = /^\s*(?:import|export)\b|[;}](?:import\s*["'{*]|export[\s{*])/m

/** A name inside a script, and the name by which others import it. */
type Export = readonly [own: string, as: string]

/**
 * Joins scripts that import each other into one, so that a browser asks for one file instead of
 * many. Each becomes a function that is called where it stands, after those that it imports, and
 * returns what it exports; a lazy import of one of them is answered by what it returned.
 *
 * It reads the two ways of writing that are served here, ours and that of esbuild, which says all
 * imports first; it throws at any other. What a script exports must not change afterwards.
 *
 * @param scripts by path; one imports another by a path relative to its own
 * @param entry its exports, none of them called `default`, are those of the whole
 */
export function joinScripts(scripts: ReadonlyMap<string, string>, entry: string): string {
  const joined: string[] = []
  const idOf = new Map<string, string>()

  function add(path: string): string {
    const known = idOf.get(path)
    if (known !== undefined) return known
    const text = scripts.get(path)
    if (text === undefined) throw new Error(`${path} is not among the scripts to be joined`)
    const { given, body } = importsOf(text)
    const { exports, code } = exportsOf(path, body)
    const beside = (name: string) => posix.join(posix.dirname(path), name)
    const constants = given.map(({ names, from }) => `const{${names}}=${add(beside(from))};`)
    const eager = code.replace(LAZY_IMPORT, (call, name: string) =>
      scripts.has(beside(name)) ? `Promise.resolve(${add(beside(name))})` : call,
    )
    const id = `script${idOf.size}`
    idOf.set(path, id)
    const returned = exports.map(([own, as]) => `${as}:${own}`)
    joined.push(`const ${id}=(()=>{${constants.join('')}${eager}\nreturn{${returned}}})();\n`)
    if (path === entry) joined.push(`export const{${exports.map(([, as]) => as)}}=${id};\n`)
    return id
  }

  add(entry)
  return joined.join('')
}

function importsOf(text: string) {
  const given: { names: string; from: string }[] = []
  let end = 0
  IMPORT.lastIndex = 0
  for (let found = IMPORT.exec(text); found !== null; found = IMPORT.exec(text)) {
    given.push({ names: (found[1] ?? '').replace(/\s+as\s+/g, ':'), from: found[2] ?? '' })
    end = IMPORT.lastIndex
  }
  return { given, body: text.slice(end) }
}

function exportsOf(path: string, body: string) {
  const exports: Export[] = []
  const code = body
    .replace(EXPORT_LIST, (_, list: string) => {
      for (const one of list.split(',')) {
        const [own = '', as = own] = one.trim().split(/\s+as\s+/)
        exports.push([own, as])
      }
      return ''
    })
    .replace(EXPORTED_HERE, (_, own: string) => {
      exports.push([own, own])
      return ''
    })
  const stray = STRAY.exec(code)
  if (stray) throw new Error(`${path} cannot be joined: ${code.slice(stray.index).slice(0, 80)}`)
  return { exports, code }
}
