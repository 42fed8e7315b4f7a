import { type Breaker, createBreaker } from '../breaker.ts'
import { MINUTE } from '../clock.ts'
import { type CoverAnswer, type CoverTrouble, unreachable } from '../covers/cover-source.ts'
import type { Barcode } from '../ids.ts'
import type { Log } from '../log.ts'
import type { ItemCoverSource } from './cover-sources.ts'
import { coverFile, readCover, writeFoundCover } from './covers.ts'
import type { Item, Items } from './items.ts'

export interface FindCoverDeps {
  readonly items: Pick<Items, 'find' | 'isBeingRenamed'>
  readonly thumbnailsDir: string
  /** Who is asked, in this order. */
  readonly sources: readonly ItemCoverSource[]
  readonly log: Log
  /** Milliseconds that only run forward. */
  readonly monotonic: () => number
}

/** What came of looking for a cover. */
export type CoverFate =
  | { readonly kind: 'found'; readonly source: string }
  | { readonly kind: 'none' }
  /** These did not answer, or sent what is no cover; the others have none. */
  | { readonly kind: 'unreachable'; readonly sources: readonly string[] }
  /** The item has nothing that anybody could be asked by, such as an ISBN. */
  | { readonly kind: 'nothing-to-ask-by' }
  /** It has a cover, or is not there any more. */
  | { readonly kind: 'not-needed' }

/** @returns what came of it; a signal that fires ends the waiting at once */
export type FindCover = (barcode: Barcode, signal: AbortSignal) => Promise<CoverFate>

type Picture =
  | { readonly kind: 'cover'; readonly jpeg: Uint8Array }
  | { readonly kind: 'none' }
  | { readonly kind: 'no-picture'; readonly why: CoverTrouble | 'resting' | 'not-a-picture' }

/** What is smaller is a placeholder: some services send one pixel where they have no picture. */
const SMALLEST_SIDE = 40

/** A service that fails costs one wait; then it is left alone for a while. */
const REST_MS = MINUTE
/** One that says that it is asked too much, or not by us, for longer. */
const REFUSED_REST_MS = 10 * MINUTE
/** Troubles of the service as a whole; the others may be those of one picture. */
const LEAVE_ALONE: readonly CoverTrouble[] = [
  'timeout',
  'connection',
  'certificate',
  'refused',
  'fault',
]

/**
 * Looks for the cover of an item, asking one service after the other until one has it. It is drawn
 * anew as a cover that staff upload is, and put in its place only if there is none by then. What
 * goes wrong out there is a line of the log, `cover.fail`, and never an error.
 */
export function coverFinder(deps: FindCoverDeps): FindCover {
  const { items, thumbnailsDir, log } = deps
  const sources = deps.sources.map((source) => withRest(source, deps))

  return async (barcode, signal) => {
    const item = items.find(barcode)
    const hasCover = (await coverFile(thumbnailsDir, barcode)) !== undefined
    if (item === undefined || hasCover) return { kind: 'not-needed' }
    const asking = sources.flatMap(({ name, askFor }) => {
      const ask = askFor(item)
      return ask ? [{ name, ask }] : []
    })
    if (asking.length === 0) return { kind: 'nothing-to-ask-by' }
    const silent: string[] = []
    for (const { name, ask } of asking) {
      const picture = await unless(signal, ask)
      if (picture === undefined) return { kind: 'not-needed' }
      if (picture.kind === 'cover') {
        const isSame = () => isStillSame(item, items)
        const isIn = await writeFoundCover(thumbnailsDir, barcode, picture.jpeg, isSame)
        if (!isIn) return { kind: 'not-needed' }
        log.info({ item: barcode, source: name }, 'cover.found')
        return { kind: 'found', source: name }
      }
      if (picture.kind === 'none') continue
      log.warn({ item: barcode, source: name, kind: picture.why }, 'cover.fail')
      silent.push(name)
    }
    if (silent.length > 0) return { kind: 'unreachable', sources: silent }
    log.info({ item: barcode }, 'cover.none')
    return { kind: 'none' }
  }
}

/** Staff may have corrected the number meanwhile: the picture would be that of another book. */
function isStillSame({ barcode, isbnIssn, itemId }: Item, items: FindCoverDeps['items']): boolean {
  const now = items.find(barcode)
  return now?.isbnIssn === isbnIssn && now.itemId === itemId && !items.isBeingRenamed(barcode)
}

/** @returns undefined when the signal fired before there was an answer */
async function unless<Value>(
  signal: AbortSignal,
  ask: () => Promise<Value>,
): Promise<Value | undefined> {
  if (signal.aborted) return undefined
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const stop = () => resolve(undefined)
  signal.addEventListener('abort', stop)
  try {
    return await Promise.race([ask(), promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function withRest(source: ItemCoverSource, { monotonic, log }: FindCoverDeps) {
  const rest = { failures: 1, withinMs: REST_MS, restMs: REST_MS }
  const breaker = createBreaker(rest, monotonic)

  async function rested(ask: () => Promise<CoverAnswer>): Promise<Picture> {
    if (breaker.waitMs() > 0) return { kind: 'no-picture', why: 'resting' }
    const answer = await ask().catch((err): CoverAnswer => {
      log.error({ source: source.name, err }, 'cover.fault')
      return unreachable('fault')
    })
    note(breaker, answer)
    return pictureOf(answer)
  }

  return {
    name: source.name,
    askFor(item: Item) {
      const ask = source.askFor(item)
      return ask && (() => rested(ask))
    },
  }
}

function note(breaker: Breaker, answer: CoverAnswer): void {
  if (answer.kind !== 'unreachable' || !LEAVE_ALONE.includes(answer.why)) breaker.succeeded()
  else breaker.failed(answer.why === 'refused' ? REFUSED_REST_MS : REST_MS)
}

async function pictureOf(answer: CoverAnswer): Promise<Picture> {
  if (answer.kind === 'none') return answer
  if (answer.kind === 'unreachable') return { kind: 'no-picture', why: answer.why }
  if (isGif(answer.bytes)) return { kind: 'none' }
  const reading = await readCover(answer.bytes)
  if (reading.kind === 'bad') return { kind: 'no-picture', why: 'not-a-picture' }
  return Math.min(reading.width, reading.height) < SMALLEST_SIDE ? { kind: 'none' } : reading
}

/** No service has covers as GIF; those that send one mean that they have nothing. */
function isGif(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'GIF8'
}
