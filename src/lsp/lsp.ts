import type { Barcode } from '../ids.ts'
import type { NoReplyWhy } from '../outgoing.ts'

/** What a library services platform tells of an item; '' where it tells nothing. */
export interface LspRecord {
  /** The item's number in the platform. */
  readonly itemId: string
  /** Its page in the library's catalogue, an http or https URL. */
  readonly itemPage: string
  readonly title: string
  readonly author: string
  readonly publisher: string
  readonly edition: string
  readonly year: string
  readonly isbnIssn: string
}

export type LspAnswer =
  | { readonly kind: 'found'; readonly record: LspRecord }
  | { readonly kind: 'not-found' }
  /** More than one item has this barcode. */
  | { readonly kind: 'several' }
  /** The platform does not let this account see it, or does not know the account. */
  | { readonly kind: 'not-permitted' }
  /** Found, but without fields that an item must have. */
  | {
      readonly kind: 'incomplete'
      readonly fields: readonly (keyof LspRecord)[]
      readonly record: LspRecord
    }
  /** No answer, or none that could be understood. */
  | {
      readonly kind: 'unreachable'
      readonly why: LspTrouble
      /** Seconds until it is worth asking again, where that is known. */
      readonly retryAfterS?: number
      /** A code of the trouble, the platform's or the connection's: no text, no address. */
      readonly code?: string
    }

/** What keeps a platform from answering: the way there, or the platform itself. */
export type LspTrouble =
  | NoReplyWhy
  /** It says that it is asked too much (429, 503). */
  | 'busy'
  /** It reports a fault of its own (5xx). */
  | 'fault'
  /** An answer that is none: a web page, half a document, another format. */
  | 'not-understood'
  /** It failed a moment ago and is left alone for a while. */
  | 'resting'

/** How the platform does, for check-lsp and cron. */
export type LspHealth =
  | { readonly kind: 'well' }
  | Extract<LspAnswer, { kind: 'not-permitted' | 'unreachable' }>

/** Where a platform has the picture of a cover. */
export type LspCover =
  | { readonly kind: 'at'; readonly url: URL }
  | { readonly kind: 'none' }
  | Extract<LspAnswer, { kind: 'not-permitted' | 'unreachable' }>

/** A library services platform, through one adapter. */
export interface Lsp {
  /** As people call it: FOLIO, Koha. */
  readonly name: string
  /** Never throws for what the platform does; always ends within some seconds. */
  lookUp(barcode: Barcode): Promise<LspAnswer>
  /** One cheap question that shows that the platform is there and lets us in. */
  check(): Promise<LspHealth>
  /** Where the platform has a picture of the item's cover, if it keeps such pictures. */
  coverOf?(record: Pick<LspRecord, 'itemId'>): Promise<LspCover>
}

/** Who can be asked about an item. */
export type LspChoice =
  /** Nobody: staff enter items by hand. */
  { readonly kind: 'manual' } | { readonly kind: 'lsp'; readonly lsp: Lsp }
