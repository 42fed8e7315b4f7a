import { LOCAL_IMAGES } from '../sources/source.ts'

/** What is known of an item, for people to read; empty is unknown. */
export interface ItemMetadata {
  readonly title?: string
  readonly author?: string
  readonly publisher?: string
  readonly edition?: string
  readonly year?: string
  readonly isbnIssn?: string
}

export interface PresentedPage {
  /** The image's name under its version, one segment of a URL. */
  readonly name: string
  readonly label: string
  /** Pixels. */
  readonly width: number
  readonly height: number
}

export interface ScannedBook {
  readonly barcode: string
  readonly version: string
  readonly pages: readonly PresentedPage[]
  readonly metadata?: ItemMetadata | undefined
}

/** Major version of the IIIF Presentation API. */
export type PresentationVersion = 2 | 3

/** The manifest of a scanned book, ready for JSON: IIIF Presentation 3.0 or 2.1. */
export function presentation(book: ScannedBook, version: PresentationVersion): object {
  return version === 3 ? presentation3(book) : presentation2(book)
}

/** https://iiif.io/api/presentation/3.0/, sections 5.2 to 5.6 for what each resource must have. */
function presentation3(book: ScannedBook): object {
  const base = baseOf(book)
  const none = (value: string) => ({ none: [value] })
  return {
    '@context': 'http://iiif.io/api/presentation/3/context.json',
    id: `${base}/manifest`,
    type: 'Manifest',
    label: none(titleOf(book)),
    ...(known(book).length > 0 && {
      metadata: known(book).map(([name, value]) => ({
        label: { en: [name] },
        value: none(value),
      })),
    }),
    ...(isPaged(book) && { behavior: ['paged'] }),
    items: book.pages.map(({ name, label, width, height }, n) => {
      const canvas = `${base}/canvas/${n + 1}`
      const image = `${base}/${name}`
      return {
        id: canvas,
        type: 'Canvas',
        label: none(label),
        width,
        height,
        items: [
          {
            id: `${canvas}/page`,
            type: 'AnnotationPage',
            items: [
              {
                id: `${canvas}/annotation`,
                type: 'Annotation',
                motivation: 'painting',
                target: canvas,
                body: {
                  id: `${image}/full/max/0/default.jpg`,
                  type: 'Image',
                  format: 'image/jpeg',
                  width,
                  height,
                  service: [{ id: image, type: 'ImageService3', profile: 'level2' }],
                },
              },
            ],
          },
        ],
      }
    }),
  }
}

/** https://iiif.io/api/presentation/2.1/, section 5 for what each resource must have. */
function presentation2(book: ScannedBook): object {
  const base = baseOf(book)
  return {
    '@context': 'http://iiif.io/api/presentation/2/context.json',
    '@id': `${base}/manifest`,
    '@type': 'sc:Manifest',
    label: titleOf(book),
    ...(known(book).length > 0 && {
      metadata: known(book).map(([label, value]) => ({ label, value })),
    }),
    ...(isPaged(book) && { viewingHint: 'paged' }),
    sequences: [
      {
        '@id': `${base}/sequence/normal`,
        '@type': 'sc:Sequence',
        canvases: book.pages.map(({ name, label, width, height }, n) => {
          const canvas = `${base}/canvas/${n + 1}`
          const image = `${base}/${name}`
          return {
            '@id': canvas,
            '@type': 'sc:Canvas',
            label,
            width,
            height,
            images: [
              {
                '@id': `${canvas}/annotation`,
                '@type': 'oa:Annotation',
                motivation: 'sc:painting',
                on: canvas,
                resource: {
                  '@id': `${image}/full/full/0/default.jpg`,
                  '@type': 'dctypes:Image',
                  format: 'image/jpeg',
                  width,
                  height,
                  service: {
                    '@context': 'http://iiif.io/api/image/2/context.json',
                    '@id': image,
                    profile: 'http://iiif.io/api/image/2/level2.json',
                  },
                },
              },
            ],
          }
        }),
      },
    ],
  }
}

function baseOf({ barcode, version }: ScannedBook): string {
  return `${LOCAL_IMAGES}${barcode}/${version}`
}

function titleOf({ barcode, metadata }: ScannedBook): string {
  return metadata?.title || barcode
}

/** One or two pages are a sheet; more are a book to leaf through. */
function isPaged({ pages }: ScannedBook): boolean {
  return pages.length > 2
}

function known({ metadata = {} }: ScannedBook): [name: string, value: string][] {
  const pairs: [string, string | undefined][] = [
    ['Title', metadata.title],
    ['Author', metadata.author],
    ['Publisher', metadata.publisher],
    ['Edition', metadata.edition],
    ['Year', metadata.year],
    ['ISBN or ISSN', metadata.isbnIssn],
  ]
  return pairs.flatMap(([name, value]) => (value ? [[name, value]] : []))
}
