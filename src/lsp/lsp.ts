import type { Barcode } from '../ids.ts'

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
  | { readonly kind: 'unreachable'; readonly retryAfterS?: number }

/** A library services platform, through one adapter. */
export interface Lsp {
  /** Never throws for what the platform does; always ends within some seconds. */
  lookUp(barcode: Barcode): Promise<LspAnswer>
}

/** Who can be asked about an item. */
export type LspChoice =
  /** Nobody: staff enter items by hand. */
  | { readonly kind: 'manual' }
  /** The settings name a platform that this version has no adapter for. */
  | { readonly kind: 'no-adapter'; readonly name: string }
  | { readonly kind: 'lsp'; readonly lsp: Lsp }
