import sharp from 'sharp'
import { hugePng } from '../forms.ts'
import { type FakeAnswer, runFake } from './run.ts'

/**
 * Content Cafe, Open Library, Google Books and a library system's pictures in one: they have the
 * cover of ISBN 9780000000019 and of no other book. Each has its colour, so that tests can tell
 * whose a cover is. States: what is sent instead of each picture, or `lead to URL`, a redirect.
 */
const KNOWN = '9780000000019'
const JPEG = { 'content-type': 'image/jpeg' }

const paint = (width: number, background: string) =>
  sharp({ create: { width, height: Math.ceil(width * 1.5), channels: 3, background } })
const jpeg = (width: number, background: string) =>
  paint(width, background).jpeg({ quality: 100 }).toBuffer()

const PIXEL_GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
const noisy = await sharp({
  create: {
    width: 300,
    height: 450,
    channels: 3,
    background: '#888',
    noise: { type: 'gaussian', mean: 128, sigma: 30 },
  },
})
  .jpeg()
  .toBuffer()

/** Noise keeps the file of a real cover larger than that of a placeholder. */
const tinted = (tint: string) => sharp(noisy).tint(tint).jpeg().toBuffer()

const instead: Readonly<Record<string, Buffer | string>> = {
  svg: '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="450"/>',
  truncated: noisy.subarray(0, 9_000),
  huge: hugePng(30_000),
  'pixel-gif': PIXEL_GIF,
  pixel: await jpeg(1, 'white'),
  small: await jpeg(120, 'white'),
  empty: '',
}
const pictures = {
  contentcafe: await tinted('red'),
  openlibrary: await tinted('lime'),
  google: await tinted('blue'),
  lsp: await tinted('yellow'),
}

let state = ''
let thumbnail = ''

function picture(name: keyof typeof pictures): FakeAnswer {
  if (state.startsWith('lead to ')) {
    return { status: 302, headers: { location: state.slice('lead to '.length) } }
  }
  return { headers: JPEG, body: instead[state] ?? pictures[name] }
}

/** With one hit by another ISBN first, as the real search may have. */
function volumes(isbn: string, host: string): object {
  const link = (id: string) => `http://${host}/books/content?id=${id}&img=1&zoom=1`
  const volume = (identifier: string, links: object) => ({
    volumeInfo: {
      title: 'Example optics',
      industryIdentifiers: [{ type: 'ISBN_13', identifier }],
      imageLinks: links,
    },
  })
  if (isbn !== KNOWN) return { kind: 'books#volumes', totalItems: 0 }
  const thumbnailLink = thumbnail === '' ? link('good') : thumbnail
  return {
    totalItems: 2,
    items: [
      volume('9780000000026', { thumbnail: link('other') }),
      volume(KNOWN, { smallThumbnail: link('small'), thumbnail: thumbnailLink }),
    ],
  }
}

runFake(
  ({ headers }, url) => {
    const { pathname, searchParams } = url
    if (pathname === '/ContentCafe/jacket.aspx') {
      const isIn = searchParams.get('UserID') === 'lib' && searchParams.get('Password') === 'p&w'
      if (!isIn) return { status: 401 }
      const isKnown = searchParams.get('Value') === KNOWN
      return isKnown ? picture('contentcafe') : { headers: JPEG, body: instead.small ?? '' }
    }
    const isbn = /^\/b\/isbn\/(\d{13})-L\.jpg$/.exec(pathname)?.[1]
    if (isbn !== undefined) {
      if (isbn === KNOWN) return picture('openlibrary')
      const isBlank = searchParams.get('default') !== 'false'
      return isBlank ? { headers: JPEG, body: instead.pixel ?? '' } : { status: 404 }
    }
    if (pathname === '/books/v1/volumes') {
      const asked = searchParams.get('q')?.replace('isbn:', '') ?? ''
      const body = JSON.stringify(volumes(asked, headers.host as string))
      return { headers: { 'content-type': 'application/json' }, body }
    }
    if (pathname === '/books/content' && searchParams.get('id') === 'good') return picture('google')
    if (pathname === '/thumbnail/7') return picture('lsp')
  },
  (name) => {
    if (name.startsWith('thumbnail ')) thumbnail = name.slice('thumbnail '.length)
    else {
      state = name
      if (name === '') thumbnail = ''
    }
  },
)
