import { readFile } from 'node:fs/promises'
import { parseBarcode } from '../ids.ts'
import { coverFile } from '../items/covers.ts'
import type { Answers } from './answers.ts'
import type { Asset } from './asset.ts'
import { isUnchanged, rangeOf } from './conditional.ts'
import type { WebContext, WebDeps } from './context.ts'
import type { Router } from './routes.ts'

/** The viewer's address has its version in it, so a file there never changes. */
const FOR_GOOD = 'public, max-age=31536000, immutable'
/** Ours are asked for each time, and answered 304 while they are the same. */
const ASK_EACH_TIME = 'no-cache'

/** The files that anybody may have: style, scripts, Universal Viewer, covers. */
export function fileRoutes({ route }: Router, deps: WebDeps, answers: Answers): void {
  const { settings, staticFiles, viewer, logo, siteStyle } = deps

  const tail = (c: WebContext, prefix: string) => c.req.path.slice(prefix.length)

  route('/static/*', {
    GET: (c) => send(c, staticFiles.get(tail(c, '/static/')), ASK_EACH_TIME),
  })

  route('/site.css', { GET: (c) => send(c, siteStyle, ASK_EACH_TIME) })
  route('/logo', { GET: (c) => send(c, logo, ASK_EACH_TIME) })

  const viewerPath = `/viewer/${viewer.version}/`
  route(`${viewerPath}*`, {
    GET: (c) => send(c, viewer.files.get(tail(c, viewerPath)), FOR_GOOD),
  })

  route('/thumbnails/:file{.+\\.jpg}', {
    GET: async (c) => {
      const barcode = parseBarcode(tail(c, '/thumbnails/').slice(0, -'.jpg'.length))
      const cover = barcode && (await coverFile(settings.thumbnailsDir, barcode))
      if (cover === undefined) return answers.refuse(c, { kind: 'not-found' })
      const bytes = await readFile(cover.path)
      return send(c, { bytes, type: 'image/jpeg', etag: cover.etag }, 'public, max-age=300')
    },
  })

  async function send(c: WebContext, asset: Asset | undefined, cacheControl: string) {
    if (asset === undefined) return answers.refuse(c, { kind: 'not-found' })
    const smaller = await asset.brotli?.()
    const brotli = /\bbr\b/.test(c.req.header('accept-encoding') ?? '') ? smaller : undefined
    const bytes = brotli ?? asset.bytes
    // Parts of the one must never be joined to parts of the other.
    const etag = brotli ? asset.etag.replace(/"$/, '-br"') : asset.etag
    c.header('Cache-Control', cacheControl)
    c.header('ETag', etag)
    c.header('Accept-Ranges', 'bytes')
    if (smaller) c.header('Vary', 'Accept-Encoding')
    if (isUnchanged(c, etag)) return c.body(null, 304)
    const range = rangeOf(c, etag, bytes.length)
    if (range === 'outside') {
      c.header('Content-Range', `bytes */${bytes.length}`)
      return answers.refuse(c, { kind: 'no-such-range' })
    }
    c.header('Content-Type', asset.type)
    if (brotli) c.header('Content-Encoding', 'br')
    if (range === 'all') return c.body(bytes)
    c.header('Content-Range', `bytes ${range.first}-${range.last}/${bytes.length}`)
    return c.body(bytes.slice(range.first, range.last + 1), 206)
  }
}
