import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { joinScripts } from './join-scripts.ts'

/**
 * The scripts of Universal Viewer that an image book needs, as one, without the work at its start
 * that no reader sees (see `CHANGES`). Its exports are those of `index.js`.
 * Throws when the package is no longer built the way that this file expects.
 *
 * @param dir the folder of the package
 */
export async function imageBookScript(dir: string): Promise<string> {
  const scripts = await imageBookScripts(join(dir, 'dist/esm'))
  return COMPILE_AHEAD + CHANGES.reduce(changed, joinScripts(scripts, 'index.js'))
}

/**
 * To Chromium: all functions are to be compiled beside the page, while the script loads. Otherwise
 * most are read twice, and compiled one by one when they are called. For others it is a comment.
 */
const COMPILE_AHEAD = '//# allFunctionsCalledOnLoad\n'

/**
 * What Universal Viewer loads at run time for an image book: the IIIF content handler, English,
 * and, of its "extensions" by kind of media, the one around OpenSeadragon.
 */
const LAZY_IMPORTS = [
  /import\("\.\/(IIIFContentHandler-\w+\.js)"\)/g,
  /import\("\.\/(en-GB-\w+\.js)"\)/g,
  /"uv-openseadragon-extension",loader:\(\)=>import\("\.\/([\w-]+\.js)"\)/g,
]
const STATIC_IMPORT = /(?:from|import)"\.\/([\w.-]+\.js)"/g

/** Follows imports from `index.js`: every static one, and the lazy ones of an image book. */
async function imageBookScripts(esm: string): Promise<Map<string, string>> {
  const scripts = new Map<string, string>()
  const missing = new Set(LAZY_IMPORTS)
  const waiting = ['index.js']
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    if (scripts.has(name)) continue
    const text = await readFile(join(esm, name), 'utf8')
    scripts.set(name, text)
    waiting.push(...captured(text, STATIC_IMPORT))
    for (const pattern of LAZY_IMPORTS) {
      const found = captured(text, pattern)
      if (found.length > 0) missing.delete(pattern)
      waiting.push(...found)
    }
  }
  if (missing.size > 0) throw new Error(`${esm}: nothing imports ${[...missing].join(', ')}`)
  return scripts
}

function captured(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap((match) => match[1] ?? [])
}

interface Change {
  readonly from: RegExp
  /** Its own text, or what `$1` and so on make of it. */
  readonly to: string
  /** How often it is there. */
  readonly times: number
}

/**
 * Dialogues to sign in to an image server, to share, choose several pages, set options or show
 * another site: `static/reader/viewer-config.js` turns off their buttons, or the manifests that we
 * hand out never ask for them. Their empty boxes stay, hidden.
 */
const NEVER_OPENED = [
  ...['auth', 'clickThrough', 'login', 'restricted'],
  ...['externalContent', 'help', 'multiSelect', 'settings', 'share'],
]
const NAME = `(?:${NEVER_OPENED.join('|')})Dialogue`

const CHANGES: readonly Change[] = [
  {
    from: new RegExp(String.raw`this\.${NAME}=new \w+\((this\.\$${NAME})\)`, 'g'),
    to: '$1.hide()',
    times: NEVER_OPENED.length,
  },
  // A dialogue is measured when it opens; closed, it need not be at every change of size.
  {
    from: /(resize\(\){super\.resize\(\),)(this\.\$element\.css\({top:Math\.floor\(this\.extension\.height\(\)\/2)/g,
    to: '$1this.isActive&&$2',
    times: 1,
  },
  // The box is measured before anything is in it, not once more afterwards: `static/reader/book.js`
  // says when it changes. A page that was opened has everything measured after 100 ms: once will do.
  {
    from: /\w+\.on\(\w+\.CREATED,function\(\w+\)\{(\w+\(\))\},!1\)/g,
    to: '$1',
    times: 1,
  },
  {
    from: /\w+\.on\(\w+\.EXTERNAL_RESOURCE_OPENED,function\(\w+\)\{setTimeout\(.{15,25},100\)\},!1\),/g,
    to: '',
    times: 1,
  },
  // The small map is a second viewer: `static/reader/page-map.js` makes it when the page is drawn.
  {
    from: /(this\.showNavigator&&\()(this\.navigator=new \w+\.Navigator\(\{[^{}]*\}\))\)/g,
    to: '$1this.makeNavigator=()=>{$2})',
    times: 1,
  },
  // jQuery tries three selectors that only old browsers accept. Each is refused by an exception, and
  // to say where that was the browser may read scripts again.
  {
    from: /,\w+(?:\.querySelectorAll\(|\.call\(\w+,)"[^"]*"\),\w+\.push\([^)]*\)(?=\}\))/g,
    to: '',
    times: 3,
  },
  // React starts when the panel of pages is opened. Else it would only draw the dialogue for
  // downloads, which has no button. Its part for browsers stands before a module of one function.
  {
    from: /(\.exports=)(\w+\(\))(?=\}\);var \w+=\w+\(\(\w+,\w+\)=>\{\(function\(\))/g,
    to: '$1{createRoot:(box)=>$2.createRoot(box)}',
    times: 1,
  },
  {
    from: /\(0,\w+\.createRoot\)\(this\.\$downloadDialogue\[0\]\)/g,
    to: '{render(){}}',
    times: 1,
  },
  // A frame by which another host would sign readers in, and a request for a picture of no button.
  { from: /this\.\$element\.append\('<iframe id="commsFrame"><\/iframe>'\),/g, to: '', times: 1 },
  { from: /prefixUrl:void 0/g, to: 'prefixUrl:""', times: 1 },
]

function changed(script: string, { from, to, times }: Change): string {
  const found = script.match(from)?.length ?? 0
  if (found !== times) throw new Error(`Universal Viewer: ${from} is there ${found} times`)
  return script.replace(from, to)
}
