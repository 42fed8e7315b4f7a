import { type EpochMs, SECOND } from '../clock.ts'
import { strongEtag } from '../etag.ts'
import { type Barcode, parseBarcode } from '../ids.ts'
import { access } from '../loans/access.ts'
import type { OpenLoan } from '../loans/queries.ts'
import type { Answers } from './answers.ts'
import type { WebContext, WebDeps } from './context.ts'
import { isUnchanged } from './files.ts'
import type { Refused } from './refusals.ts'
import type { Handler, Router } from './routes.ts'

/** What is on loan: the manifest, and for each of its images info.json and pixels. */
export function iiifRoutes({ route }: Router, deps: WebDeps, answers: Answers): void {
  const { clock, loans, manifests, tiles, settings, statistics } = deps
  const gate = { loans, clock }
  const vary = `Cookie, ${settings.remoteUserHeader}`

  /** Gate 1, or the reason why it stays shut. */
  function enter(c: WebContext): { barcode: Barcode; loan: OpenLoan } | Refused {
    const visitor = c.get('visitor')
    if (visitor === undefined) return { kind: 'not-signed-in' }
    const barcode = parseBarcode(c.req.param('barcode') ?? '')
    const loan = barcode && access(gate, barcode, visitor.patron)
    return loan ? { barcode, loan } : { kind: 'not-on-loan' }
  }

  /** The loan may have ended while the answer was made: not a byte of it goes out then. */
  function stillOnLoan(c: WebContext, barcode: Barcode): boolean {
    const visitor = c.get('visitor')
    return visitor !== undefined && access(gate, barcode, visitor.patron) !== undefined
  }

  /** Counts what readers were sent; the staff's own reading is in no statistics. */
  function counted(handler: Handler): Handler {
    return async (c) => {
      const answer = await handler(c)
      const barcode = parseBarcode(c.req.param('barcode') ?? '')
      const sent = answer.status === 200 || answer.status === 304
      if (sent && barcode && c.get('visitor')?.role === 'patron') {
        statistics.pageRequests.count(barcode)
      }
      return answer
    }
  }

  route('/manifests/:barcode', {
    GET: counted(async (c) => {
      const entered = enter(c)
      if ('kind' in entered) return answers.refuseJson(c, entered)
      const { barcode, loan } = entered
      const origin = c.get('origin')
      const rewritten = await manifests.rewritten(barcode, loan.manifestVersion, origin)
      if (rewritten === undefined) return answers.refuseJson(c, { kind: 'not-found' })
      if (!stillOnLoan(c, barcode)) return answers.refuseJson(c, { kind: 'not-on-loan' })
      const gzip = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '')
      const headers = {
        'Content-Type': 'application/json',
        'Cache-Control': 'private, no-store',
        Vary: `${vary}, Accept-Encoding`,
      }
      return gzip
        ? c.body(rewritten.gzip, 200, { ...headers, 'Content-Encoding': 'gzip' })
        : c.body(rewritten.bytes, 200, headers)
    }),
  })

  route('/iiif/:barcode/:number/*', {
    GET: counted(async (c) => {
      const entered = enter(c)
      if ('kind' in entered) return answers.refuseJson(c, entered)
      const { barcode, loan } = entered
      const manifest = await manifests.kept(barcode, loan.manifestVersion)
      const number = c.req.param('number') ?? ''
      const image = /^[1-9]\d{0,5}$/.test(number) ? manifest?.images[Number(number) - 1] : undefined
      if (image === undefined) return answers.refuseJson(c, { kind: 'no-such-image' })
      const segments = imagePath(c)
      const key = { barcode, version: loan.manifestVersion, image }
      const { signal } = c.req.raw
      const isInfo = segments.length === 1 && segments[0] === 'info.json'
      const answer = isInfo
        ? await tiles.info(key, `${c.get('origin')}/iiif/${barcode}/${number}`, signal)
        : await tiles.image(key, segments, signal)
      if (!stillOnLoan(c, barcode)) return answers.refuseJson(c, { kind: 'not-on-loan' })
      switch (answer.kind) {
        case 'image':
          return send(c, loan, answer.type, answer.bytes, answer.etag)
        case 'info': {
          const bytes = Buffer.from(JSON.stringify(answer.document))
          return send(c, loan, 'application/json', bytes, strongEtag(bytes))
        }
        case 'bad-request':
          return answers.refuseJson(c, { kind: 'bad-image-request', why: answer.reason })
        case 'too-large':
          return answers.refuseJson(c, { kind: 'image-too-large' })
        case 'no-such-image':
          return answers.refuseJson(c, { kind: 'no-such-image' })
        case 'upstream': {
          const retry = answer.retryAfterS === undefined ? undefined : String(answer.retryAfterS)
          const refused = { kind: 'images-unavailable', status: answer.status } as const
          return answers.refuseJson(c, refused, retry === undefined ? {} : { 'Retry-After': retry })
        }
      }
    }),
  })

  function send(
    c: WebContext,
    loan: OpenLoan,
    type: string,
    bytes: Uint8Array<ArrayBuffer>,
    etag: string,
  ): Response {
    c.header('Cache-Control', `private, max-age=${cacheSeconds(loan.dueAt, clock.now())}`)
    c.header('ETag', etag)
    c.header('Vary', vary)
    if (isUnchanged(c, etag)) return c.body(null, 304)
    c.header('Content-Type', type)
    return c.body(bytes)
  }
}

/** A browser may keep what it got for five minutes, and never longer than the loan runs. */
function cacheSeconds(dueAt: EpochMs, now: EpochMs): number {
  return Math.min(300, Math.floor((dueAt - now) / SECOND))
}

/** What follows `/iiif/BARCODE/NUMBER/` in the raw target, each segment decoded once. */
function imagePath(c: WebContext): string[] {
  const path = (c.env.incoming.url ?? '').replace(/^https?:\/\/[^/]*/i, '').replace(/\?.*$/s, '')
  return path.split('/').slice(4).map(decodeURIComponent)
}
