import type { Ask } from '../outgoing.ts'
import { type CoverSource, NONE, pictureIn, under } from './cover-source.ts'

/** What it sends for a book that it does not know is a picture too, but a small one. */
const DEFAULT_PICTURE_BYTES = 2_800

/** Baker & Taylor's Content Cafe, for its customers. Its answer is the picture itself. */
export function contentCafe(
  { url, user, password }: { url: string; user: string; password: string },
  ask: Ask,
): CoverSource {
  return {
    name: 'Content Cafe',
    async ask(isbn) {
      const page = under(url, '/ContentCafe/jacket.aspx')
      page.search = new URLSearchParams({
        UserID: user,
        Password: password,
        Return: 'T',
        Type: 'L',
        Value: isbn,
      }).toString()
      const answer = pictureIn(await ask({ url: page }))
      const isDefault = answer.kind === 'found' && answer.bytes.length <= DEFAULT_PICTURE_BYTES
      return isDefault ? NONE : answer
    },
  }
}
