import type { ServerResponse } from 'node:http'
import { type Barcode, type PatronId, parseBarcode } from '../ids.ts'
import { access } from '../loans/access.ts'
import type { OpenLoan } from '../loans/queries.ts'
import type { ComingImage, ImageKey, ServedImage } from '../tiles/fetched.ts'
import { createAnswers } from './answers.ts'
import { type Early, headOf } from './before-router.ts'
import { hasVersion } from './conditional.ts'
import type { WebDeps } from './context.ts'
import { SECURITY_HEADERS } from './headers.ts'
import { identifyBy } from './identity.ts'
import { cacheControlFor, IMAGE_ROUTE, refusalOf } from './iiif.ts'
import type { Refused } from './refusals.ts'
import { pageRead } from './slowing.ts'

/** An image of an item, spelled without any escape: what the viewer asks for. */
const TARGET =
  /^\/iiif\/([\w.-]+)\/([1-9]\d{0,5})\/([\w.,:!^-]+)\/([\w.,:!^-]+)\/([\w.,:!^-]+)\/([\w.,:!^-]+)$/

const CONSTANT_HEADERS = Object.entries(SECURITY_HEADERS).flat()

/** A request that has passed the first gates, and where its answer goes. */
interface Asked {
  readonly barcode: Barcode
  readonly patron: PatronId
  readonly key: ImageKey
  readonly segments: readonly string[]
  readonly ifNoneMatch?: string | undefined
  readonly started: number
  readonly answer: ServerResponse
}

/**
 * What a reader does is tiles. They are answered here, before any router, by the very gates of the
 * slow way: who asks, the loan, the image of the item's manifest, the reader's pace, a size that a
 * reader may have; those that are not kept in memory are fetched meanwhile, and the loan is asked
 * for again. Whatever is not plainly such a request, or does not pass the gates before an image is
 * looked for, is left to the slow way.
 */
export function createQuickTiles(deps: WebDeps): Early {
  const { settings, clock, loans, manifests, tiles, pace, metrics, statistics } = deps
  const identify = identifyBy(settings)
  const answers = createAnswers(deps)
  const vary = `Cookie, ${settings.remoteUserHeader}`
  const secondsSince = (started: number) => (performance.now() - started) / 1000

  /** Sends the head of an image. @returns its status: 304 when that is all */
  function sendHead(
    { answer, barcode, ifNoneMatch }: Asked,
    { dueAt, counted }: OpenLoan,
    { type, etag, length }: Pick<ComingImage, 'type' | 'etag'> & { length: number | undefined },
  ): 200 | 304 {
    const status = etag !== undefined && hasVersion(ifNoneMatch, etag) ? 304 : 200
    const cacheControl = cacheControlFor(dueAt, clock.now())
    const headers = [...CONSTANT_HEADERS, 'Cache-Control', cacheControl, 'Vary', vary]
    if (etag !== undefined) headers.push('ETag', etag)
    if (status === 200) {
      headers.push('Content-Type', type)
      if (length !== undefined) headers.push('Content-Length', String(length))
    }
    answer.writeHead(status, headers)
    if (counted) statistics.pageRequests.count(barcode)
    return status
  }

  function send(asked: Asked, loan: OpenLoan, image: ServedImage): 200 | 304 {
    const { type, etag, bytes } = image
    const status = sendHead(asked, loan, { type, etag, length: bytes.length })
    if (status === 304) asked.answer.end()
    else asked.answer.end(bytes)
    return status
  }

  function sendComing(asked: Asked, loan: OpenLoan, { flow, type, etag }: ComingImage): 200 | 304 {
    const status = sendHead(asked, loan, { type, etag, length: flow.length })
    if (status === 304) asked.answer.end()
    else void passOn(flow, asked.answer)
    return status
  }

  function refuse({ answer }: Asked, refused: Refused, more: Record<string, string> = {}): number {
    const { status, headers, text } = answers.json(refused, more)
    const length = String(Buffer.byteLength(text))
    const sent = { ...SECURITY_HEADERS, ...headers, 'Content-Length': length }
    answer.writeHead(status, sent).end(text)
    return status
  }

  /** @returns the status of the answer; undefined when nobody is there any more to take it */
  async function fetched(asked: Asked, gone: AbortSignal): Promise<number | undefined> {
    const { barcode, patron, key, segments } = asked
    const got = await tiles.image(key, segments, gone)
    if (gone.aborted) return undefined
    const loan = access({ loans, clock }, barcode, patron)
    if (loan === undefined) return refuse(asked, { kind: 'not-on-loan' })
    if (got.kind === 'image') return send(asked, loan, got)
    if (got.kind === 'coming-image') return sendComing(asked, loan, got)
    const { refused, headers } = refusalOf(got)
    return refuse(asked, refused, headers)
  }

  async function answerLater(asked: Asked, slowWay: () => void): Promise<void> {
    const { answer, started } = asked
    const gone = new AbortController()
    answer.once('close', () => gone.abort())
    try {
      const status = await fetched(asked, gone.signal)
      if (status !== undefined) metrics.answered(IMAGE_ROUTE, status, secondsSince(started))
    } catch {
      if (gone.signal.aborted || answer.headersSent) answer.destroy()
      // The slow way meets the fault too, and says so.
      else slowWay()
    }
  }

  return (request, answer, slowWay) => {
    if (request.method !== 'GET') return false
    const found = TARGET.exec(request.url ?? '')
    if (found === null) return false
    const started = performance.now()
    const { hosts, isForEdge, ifNoneMatch } = headOf(request)
    const barcode = parseBarcode(found[1] ?? '')
    if (hosts !== 1 || isForEdge || barcode === undefined) return false
    const identity = identify(request)
    if (identity.kind !== 'somebody') return false
    const { patron } = identity
    const loan = access({ loans, clock }, barcode, patron)
    if (loan === undefined) return false
    const image = manifests.atHand(barcode, loan.manifestVersion)?.images[Number(found[2]) - 1]
    if (image === undefined) return false
    const segments = found.slice(3)
    if (!pace.pass(loan.id, pageRead(image.number, segments))) return false

    const key = { barcode, version: loan.manifestVersion, image }
    const asked = { barcode, patron, key, segments, ifNoneMatch, started, answer }
    const kept = tiles.hit(key, segments)
    if (kept === undefined) void answerLater(asked, slowWay)
    else metrics.kept(IMAGE_ROUTE, send(asked, loan, kept), secondsSince(started))
    return true
  }
}

/**
 * What was not taken yet waits in memory where it is anyway, so a slow reader is not waited for.
 * When the rest will never come, the connection ends: a browser that saw the answer's proper end
 * would keep what it has for a whole image.
 */
async function passOn(flow: ComingImage['flow'], answer: ServerResponse): Promise<void> {
  for (let number = 0; !answer.destroyed; number++) {
    const part = await flow.part(number)
    if (answer.destroyed) return
    if (part === 'end') return void answer.end()
    if (part === 'broken') return void answer.destroy()
    answer.write(part)
  }
}
