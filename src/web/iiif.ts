import { type EpochMs, SECOND } from '../clock.ts'
import { strongEtag } from '../etag.ts'
import { type Barcode, parseBarcode } from '../ids.ts'
import { access } from '../loans/access.ts'
import type { ComingImage, ImageAnswer } from '../tiles/fetched.ts'
import type { Answers } from './answers.ts'
import { isUnchanged } from './conditional.ts'
import type { WebContext, WebDeps } from './context.ts'
import { createEdgeVersion, letEdgeKeep } from './edge-version.ts'
import { flowing } from './flowing.ts'
import type { Refused } from './refusals.ts'
import type { Handler, Router } from './routes.ts'
import { createSlowing, pageRead } from './slowing.ts'
import { pathSegments } from './target.ts'

/** A way to the pages of an item: who may take it, how long, and where its addresses begin. */
export interface Entrance {
  /** What stands before `/manifests/...` and `/iiif/...`. */
  readonly under: '' | '/preview'
  /** Gate 1: the item and the version of its manifest, or the reason why the gate stays shut. */
  enter(
    c: WebContext,
  ): MaybePromise<{ barcode: Barcode; version: string; loanId?: number } | Refused>
  /**
   * Asked again when the answer is made: not a byte of it goes out if the gate has shut.
   *
   * @returns for how long a browser may keep images (Cache-Control), or undefined: shut
   */
  stillOpen(c: WebContext, barcode: Barcode): string | undefined
  readonly shut: Refused
}

type MaybePromise<Value> = Value | Promise<Value>

/** The way of readers: an open loan. */
export function loanEntrance({ clock, loans }: Pick<WebDeps, 'clock' | 'loans'>): Entrance {
  const openLoan = (c: WebContext, barcode: Barcode | undefined) => {
    const visitor = c.get('visitor')
    return visitor && barcode && access({ loans, clock }, barcode, visitor.patron)
  }
  return {
    under: '',
    enter(c) {
      if (c.get('visitor') === undefined) return { kind: 'not-signed-in' }
      const barcode = parseBarcode(c.req.param('barcode') ?? '')
      const loan = openLoan(c, barcode)
      if (barcode === undefined || loan === undefined) return { kind: 'not-on-loan' }
      return { barcode, version: loan.manifestVersion, loanId: loan.id }
    },
    stillOpen(c, barcode) {
      const loan = openLoan(c, barcode)
      return loan && cacheControlFor(loan.dueAt, clock.now())
    },
    shut: { kind: 'not-on-loan' },
  }
}

/** What an Accept-Encoding header says when the client can read them. */
const CODINGS = { brotli: /\bbr\b/, gzip: /\bgzip\b/ }

/** Below an entrance: the images of an item. */
export const IMAGE_ROUTE = '/iiif/:barcode/:number/*'

/** What an entrance leads to: the manifest, and for each of its images info.json and pixels. */
export function iiifRoutes(
  { route }: Router,
  deps: WebDeps,
  answers: Answers,
  entrance: Entrance,
): void {
  const { manifests, tiles, settings, statistics } = deps
  const slowing = createSlowing(deps)
  const edgeVersion = createEdgeVersion(settings)
  const { under, enter, stillOpen, shut } = entrance
  const vary = `Cookie, ${settings.remoteUserHeader}`

  /** Counts what readers were sent; the staff's own reading is in no statistics. */
  function counted(handler: Handler): Handler {
    return async (c) => {
      const answer = await handler(c)
      if (c.req.method === 'HEAD') return answer
      const barcode = parseBarcode(c.req.param('barcode') ?? '')
      const sent = answer.status === 200 || answer.status === 304
      if (sent && barcode && c.get('visitor')?.role === 'patron') {
        statistics.pageRequests.count(barcode)
      }
      return answer
    }
  }

  route(`${under}/manifests/:barcode`, {
    GET: counted(async (c) => {
      const entered = await enter(c)
      if ('kind' in entered) return answers.refuseJson(c, entered)
      const { barcode, version } = entered
      const origin = `${c.get('origin')}${under}`
      const rewritten = await manifests.rewritten(barcode, version, origin)
      if (rewritten === undefined) return answers.refuseJson(c, { kind: 'not-found' })
      if (stillOpen(c, barcode) === undefined) return answers.refuseJson(c, shut)
      const accepted = c.req.header('accept-encoding') ?? ''
      const form = (['brotli', 'gzip'] as const).find((one) => CODINGS[one].test(accepted))
      const headers = {
        'Content-Type': 'application/json',
        'Cache-Control': 'private, no-store',
        Vary: `${vary}, Accept-Encoding`,
      }
      if (form === undefined) return c.body(rewritten.bytes, 200, headers)
      const coding = form === 'brotli' ? 'br' : 'gzip'
      return c.body(rewritten[form], 200, { ...headers, 'Content-Encoding': coding })
    }),
  })

  route(`${under}${IMAGE_ROUTE}`, {
    GET: counted(async (c) => {
      const entered = await enter(c)
      if ('kind' in entered) return answers.refuseJson(c, entered)
      const { barcode, version, loanId } = entered
      const manifest = await manifests.kept(barcode, version)
      const number = c.req.param('number') ?? ''
      const image = /^[1-9]\d{0,5}$/.test(number) ? manifest?.images[Number(number) - 1] : undefined
      if (image === undefined) return answers.refuseJson(c, { kind: 'no-such-image' })
      // What follows the image's number; the guard has seen that the target can be read.
      const segments = pathSegments(c.env.incoming.url ?? '')?.slice(under === '' ? 3 : 4) ?? []
      if (loanId !== undefined) {
        const slowed = await slowing(barcode, loanId, pageRead(image.number, segments))
        if (slowed !== undefined) {
          return answers.refuseJson(c, slowed, { 'Retry-After': String(slowed.retryAfterS) })
        }
      }
      const key = { barcode, version, image }
      const { signal } = c.req.raw
      const isInfo = segments.length === 1 && segments[0] === 'info.json'
      const answer = isInfo
        ? await tiles.info(key, `${c.get('origin')}${under}/iiif/${barcode}/${number}`, signal)
        : await tiles[c.req.method === 'HEAD' ? 'peek' : 'image'](key, segments, signal)
      const cacheControl = stillOpen(c, barcode)
      if (cacheControl === undefined) return answers.refuseJson(c, shut)
      if (EDGES_KEEP.includes(answer.kind)) letEdgeKeep(c, edgeVersion(version))
      switch (answer.kind) {
        case 'image':
          return send(c, cacheControl, answer.type, answer.bytes, answer.etag)
        case 'coming-image':
          return sendComing(c, cacheControl, answer)
        case 'info': {
          const bytes = Buffer.from(JSON.stringify(answer.document))
          return send(c, cacheControl, 'application/json', bytes, strongEtag(bytes))
        }
        case 'not-fetched':
          return c.body(null, 200, { 'Cache-Control': cacheControl, Vary: vary })
        default: {
          const { refused, headers } = refusalOf(answer)
          return answers.refuseJson(c, refused, headers)
        }
      }
    }),
  })

  /** @returns whether the browser has this very version already */
  function head(c: WebContext, cacheControl: string, etag: string | undefined): boolean {
    c.header('Cache-Control', cacheControl)
    c.header('Vary', vary)
    if (etag === undefined) return false
    c.header('ETag', etag)
    return isUnchanged(c, etag)
  }

  function send(
    c: WebContext,
    cacheControl: string,
    type: string,
    bytes: Uint8Array<ArrayBuffer>,
    etag: string,
  ): Response {
    if (head(c, cacheControl, etag)) return c.body(null, 304)
    c.header('Content-Type', type)
    return c.body(bytes)
  }

  /** Passes an image on while it comes, so that its first bytes do not wait for its last. */
  function sendComing(c: WebContext, cacheControl: string, image: ComingImage): Response {
    if (head(c, cacheControl, image.etag)) return c.body(null, 304)
    c.header('Content-Type', image.type)
    const { length } = image.flow
    if (length !== undefined) c.header('Content-Length', String(length))
    return c.body(flowing(image, () => c.env.outgoing.destroy()))
  }
}

/** Answers that another reader of the same manifest would get, letter by letter. */
const EDGES_KEEP: readonly string[] = ['image', 'coming-image', 'info']

/** What a reader is told who gets no image, and the headers that go with it. */
export function refusalOf(answer: Exclude<ImageAnswer, { kind: 'image' | 'coming-image' }>): {
  readonly refused: Refused
  readonly headers: Record<string, string>
} {
  switch (answer.kind) {
    case 'bad-request':
      return { refused: { kind: 'bad-image-request', why: answer.reason }, headers: {} }
    case 'too-large':
      return { refused: { kind: 'image-too-large' }, headers: {} }
    case 'no-such-image':
      return { refused: { kind: 'no-such-image' }, headers: {} }
    case 'upstream': {
      const { status, retryAfterS } = answer
      const headers = retryAfterS === undefined ? {} : { 'Retry-After': String(retryAfterS) }
      return { refused: { kind: 'images-unavailable', status }, headers }
    }
  }
}

/** A browser may keep what it got for five minutes, and never longer than the loan runs. */
export function cacheControlFor(dueAt: EpochMs, now: EpochMs): string {
  return `private, max-age=${Math.max(0, Math.min(300, Math.floor((dueAt - now) / SECOND)))}`
}
