/** Where pixels come from: an image server (remote.ts) or image files on disk (local.ts). */
import type { Flow } from './flow.ts'

/** Version of the IIIF Image API that a service speaks: 2 stands for 2.0 and 2.1. */
export type ImageApi = 2 | 3

/** An image with an image service (`id`: its URL, no trailing slash), or just an image at `id`. */
export type SourceImage =
  | { readonly kind: 'service'; readonly id: string; readonly api: ImageApi }
  | { readonly kind: 'plain'; readonly id: string }

/** Facts for the log. May name the image server, so they never go to a patron. */
export type Detail = Readonly<Record<string, string | number>>

/** What is wrong with an answer that came: the word for the log (`upstream.truncated`, ...). */
export type Flaw = 'status' | 'redirect' | 'type' | 'encoding' | 'truncated' | 'toolarge' | 'info'

/** Why there is nothing to show. `refused-request`: the source does not do what was asked (400). */
export type SourceFault =
  | { readonly kind: 'not-found'; readonly detail: Detail }
  | { readonly kind: 'refused-request'; readonly detail: Detail }
  | { readonly kind: 'denied'; readonly detail: Detail }
  | { readonly kind: 'busy'; readonly retryAfterS: number; readonly detail: Detail }
  /** It was not asked, because it has just failed so often. */
  | { readonly kind: 'resting'; readonly retryAfterS: number; readonly detail: Detail }
  | { readonly kind: 'unreachable'; readonly detail: Detail }
  | { readonly kind: 'timeout'; readonly detail: Detail }
  | { readonly kind: 'bad-answer'; readonly why: Flaw; readonly detail: Detail }

export type ImageType = 'image/jpeg' | 'image/png' | 'image/webp' | 'image/gif'

/** `document`: a parsed info.json, otherwise unchecked. */
export type InfoAnswer = { readonly kind: 'found'; readonly document: unknown } | SourceFault

export interface Size {
  readonly width: number
  readonly height: number
}

interface Picture extends Size {
  readonly type: ImageType
  /** The strong entity tag of the image server, if it sent one. */
  readonly etag?: string | undefined
}

/** `bytes`: a whole image, alone in its buffer (a slice would keep its neighbours in memory). */
export interface FoundImage extends Picture {
  readonly kind: 'found'
  readonly bytes: Buffer<ArrayBuffer>
}

/** An image whose first bytes have come, and prove its type and size. */
export interface ComingImage extends Picture {
  readonly kind: 'coming'
  readonly flow: Flow
  /** The image once it is whole and checked. Rejects as `pixels` does. */
  readonly whole: Promise<FoundImage | SourceFault>
  /** Nobody wants the rest. */
  leave(): void
}

export type PixelsAnswer = FoundImage | ComingImage | SourceFault

/**
 * Everything that goes wrong out there comes back as a value; a thrown Error is a bug, or the
 * reason of the caller's `signal` once that has fired.
 */
export interface Source {
  /** The info.json of an image service; a plain image has none: `not-found`. */
  info(image: SourceImage, signal?: AbortSignal): Promise<InfoAnswer>
  /** `path`: canonical `region/size/rotation/quality.format`; a plain image ignores it. */
  pixels(image: SourceImage, path: string, signal?: AbortSignal): Promise<PixelsAnswer>
}

/**
 * Service ids that stand for files under IMAGES_DIR. `.invalid` is never a real host (RFC 2606
 * section 2), so that such an id cannot be fetched by mistake.
 */
export const LOCAL_IMAGES = 'https://images.carrel.invalid/'

/** The fault of an answer that came and is no good. */
export function badAnswer(why: Flaw, detail: Detail): SourceFault {
  return { kind: 'bad-answer', why, detail }
}
