import { z } from 'zod'
import type { Ask } from '../outgoing.ts'
import {
  type CoverAnswer,
  type CoverSource,
  NONE,
  pictureIn,
  under,
  unreachable,
} from './cover-source.ts'

const volumes = z.object({
  items: z
    .array(
      z.object({
        volumeInfo: z.object({
          industryIdentifiers: z.array(z.object({ identifier: z.string() })).default([]),
          imageLinks: z
            .object({ thumbnail: z.string().optional(), smallThumbnail: z.string().optional() })
            .default({}),
        }),
      }),
    )
    .default([]),
})

/**
 * Google Books: first the volume with this ISBN, then the picture that it names.
 *
 * @see https://developers.google.com/books/docs/v1/reference/volumes
 */
export function googleBooks({ url }: { url: string }, ask: Ask): CoverSource {
  return {
    name: 'Google Books',
    async ask(isbn) {
      const found = pictureIn(await ask({ url: under(url, `/books/v1/volumes?q=isbn:${isbn}`) }))
      if (found.kind !== 'found') return found
      const link = linkIn(found.bytes, isbn)
      if (typeof link !== 'string') return link
      const picture = pictureUrl(link, new URL(url))
      return picture === undefined
        ? unreachable('forbidden')
        : pictureIn(await ask({ url: picture }))
    },
  }
}

/** The search is generous: a volume counts only if this ISBN is one of its own. */
function linkIn(bytes: Uint8Array, isbn: string): string | CoverAnswer {
  const reading = volumes.safeParse(parsed(bytes))
  if (!reading.success) return unreachable('not-understood')
  const volume = reading.data.items.find(({ volumeInfo }) =>
    volumeInfo.industryIdentifiers.some(({ identifier }) => isSame(identifier, isbn)),
  )
  const { thumbnail, smallThumbnail } = volume?.volumeInfo.imageLinks ?? {}
  return thumbnail ?? smallThumbnail ?? NONE
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return undefined
  }
}

/** An ISBN of 10 characters is the same but for what stands before it and its check digit. */
function isSame(identifier: string, isbn: string): boolean {
  const isOld = identifier.length === 10 && isbn.startsWith('978')
  return isOld ? identifier.slice(0, 9) === isbn.slice(3, 12) : identifier === isbn
}

/** Pictures lie on another host, which is given as http; they are had by https as well. */
function pictureUrl(link: string, service: URL): URL | undefined {
  const url = URL.parse(link)
  if (url === null || url.origin === service.origin) return url ?? undefined
  if (url.hostname !== 'books.google.com' || url.port !== '') return undefined
  url.protocol = 'https:'
  return url
}
