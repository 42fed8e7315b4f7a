import { hash } from 'node:crypto'

/** A strong entity tag (RFC 9110 section 8.8.3), with its quotes: a digest of the bytes. */
export function strongEtag(bytes: Uint8Array): string {
  return `"${hash('sha256', bytes, 'base64url').slice(0, 22)}"`
}
