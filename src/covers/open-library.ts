import type { Ask } from '../outgoing.ts'
import { type CoverSource, pictureIn, under } from './cover-source.ts'

/**
 * Open Library's covers. Without `default=false` it would send a blank picture for a book that it
 * does not know.
 *
 * @see https://openlibrary.org/dev/docs/api/covers
 */
export function openLibrary({ url }: { url: string }, ask: Ask): CoverSource {
  return {
    name: 'Open Library',
    ask: async (isbn) =>
      pictureIn(
        await ask({
          url: under(url, `/b/isbn/${isbn}-L.jpg?default=false`),
          mayLeadTo: isArchive,
        }),
      ),
  }
}

/** Its larger pictures lie at the Internet Archive, on any of the machines there. */
function isArchive({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' && (hostname === 'archive.org' || hostname.endsWith('.archive.org'))
}
