import type { EpochMs } from '../clock.ts'

/** One letter in plain text. */
export interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly date: EpochMs
  /** Without angle brackets; the same again when the same letter is tried again (RFC 5322, 3.6.4). */
  readonly messageId: string
}

export type Sending =
  | { readonly kind: 'sent' }
  /** `code`: what the server answered (`550`), or what went wrong on the way (`ETIMEDOUT`). */
  | { readonly kind: 'failed'; readonly code: string }

/** Contract of whatever hands mail on. A letter that does not go out is a value, not a fault. */
export interface Mailer {
  send(mail: Mail): Promise<Sending>
}
