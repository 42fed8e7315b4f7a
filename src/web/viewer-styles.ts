import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Parts of Universal Viewer that `static/reader/viewer-config.js` turns off, or that need another
 * kind of manifest; and its spinners, one picture of 20 KB in three places, for which `reader.css`
 * draws one.
 */
const UNSEEN = [
  /\.iiif-(?:gallery|metadata|tree)-component/,
  /\.overlay\.(?:clickthrough|share)|\.multiSelect|\.copyBtn/,
  /\.rightPanel|\.centerOptions \.autocomplete/,
  /\.footerPanel \.(?:search|positionPlacemarker)|\.searchResults/,
  /\.uv-icon-(?:bookmark|download|embed|feedback|gallery|help|more-info|open|print|settings|share)\b/,
  /\.uv > div|\.centerPanel \.content \.spinner/,
]
const RULE = /([^{}]+)\{([^{}]*)\}/g
const PICTURE = /url\((?:"[^"]*"|'[^']*'|[^)]*)\)/g

/**
 * The scripts of Universal Viewer do not bring their styles: this joins the base, the language's
 * two rules and the extension's, without the pictures of what no reader sees. Their other
 * declarations stay, so that the layout is the package's own.
 *
 * @param dir the folder of the package
 */
export async function imageBookStyles(dir: string): Promise<string> {
  const esm = join(dir, 'dist/esm')
  const sheets = (await readdir(esm)).filter((name) => name.endsWith('.css'))
  const handler = sheets.filter((name) => name.startsWith('IIIFContentHandler-'))
  const extensions = sheets.filter((name) => name.startsWith('Extension-'))
  const read = (list: string[]) => Promise.all(list.map((name) => readFile(join(esm, name))))
  const english = (await read(handler)).flatMap((css) => rulesFor('.en-gb', css.toString()))
  const extension = (await read(extensions)).filter((css) => css.includes('openseadragon'))
  if (extension.length !== 1) {
    throw new Error(`${esm}: expected one OpenSeadragon style sheet, found ${extension.length}`)
  }
  const base = await readFile(join(dir, 'dist/uv.css'), 'utf8')
  return withoutUnseen([base, ...english, ...extension].join('\n'))
}

function rulesFor(className: string, css: string): string[] {
  const rules = css.split('}').filter((rule) => rule.includes(`${className} `))
  return rules.map((rule) => `${rule}}`)
}

function withoutUnseen(css: string): string {
  return css.replace(RULE, (rule, selector: string, declarations: string) =>
    UNSEEN.some((part) => part.test(selector))
      ? `${selector}{${declarations.replace(PICTURE, 'none')}}`
      : rule,
  )
}
