import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { contentCafe } from '../../src/covers/content-cafe.ts'
import type { CoverAnswer } from '../../src/covers/cover-source.ts'
import { googleBooks } from '../../src/covers/google-books.ts'
import { openLibrary } from '../../src/covers/open-library.ts'
import { type Ask, outgoing, type Question, type Reply } from '../../src/outgoing.ts'
import { type Fake, startFake } from '../support/fake.ts'

const KNOWN = '9780000000019'
const UNKNOWN = '9780000000996'

let fake: Fake
beforeAll(async () => {
  fake = await startFake('covers')
})
afterAll(() => fake.stop())
afterEach(() => fake.fault(''))

const services = {
  'Content Cafe': (ask: Ask, url: string) =>
    contentCafe({ url: `${url}/`, user: 'lib', password: 'p&w' }, ask),
  'Open Library': (ask: Ask, url: string) => openLibrary({ url }, ask),
  'Google Books': (ask: Ask, url: string) => googleBooks({ url }, ask),
}

/** One service, asked as the server would ask it. */
function service(name: keyof typeof services) {
  const { ask } = outgoing({ named: [new URL(fake.url)], wholeMs: 400 })
  return services[name](ask, fake.url)
}

describe.each(Object.keys(services) as (keyof typeof services)[])('%s', (name) => {
  it('sends the cover of a book that it knows, and says when it knows none', async () => {
    const found = await service(name).ask(KNOWN)
    expect(found).toMatchObject({ kind: 'found' })
    expect(found.kind === 'found' && found.bytes.length).toBeGreaterThan(2_800)
    expect(await service(name).ask(UNKNOWN)).toEqual({ kind: 'none' })
  })

  it('1.7 covers: is told an ISBN, and nothing else that is known here', async () => {
    const before = (await fake.asked()).length
    await service(name).ask(KNOWN)
    for (const { headers, target, body, method } of (await fake.asked()).slice(before)) {
      expect(Object.keys(headers).sort()).toEqual(['connection', 'host', 'user-agent'])
      expect([method, body]).toEqual(['GET', ''])
      expect(target).toMatch(/9780000000019|^\/books\/content\?id=good/)
    }
  })

  it.each([
    ['hang', 'timeout'],
    ['close', 'connection'],
    ['half', 'connection'],
    ['20-mb', 'too-large'],
    ['redirect', 'redirect'],
    ['401', 'refused'],
    ['403', 'refused'],
    ['429', 'refused'],
    ['500', 'fault'],
    ['503', 'fault'],
  ])('4.7 covers: that meets %s is unreachable, %s', async (fault, why) => {
    await fake.fault(fault)
    expect(await service(name).ask(KNOWN)).toEqual({ kind: 'unreachable', why })
  })
})

describe('Open Library', () => {
  /** What it asks for, one after the other, when it is led on. */
  async function led(...way: string[]): Promise<(string | undefined)[]> {
    const question: Question[] = []
    const ask: Ask = async (one): Promise<Reply> => {
      question.push(one)
      return { kind: 'no-reply', why: 'redirect', host: '' }
    }
    await openLibrary({ url: 'https://covers.openlibrary.org' }, ask).ask(KNOWN)
    return way.filter((url) => question[0]?.mayLeadTo?.(new URL(url)))
  }

  it('may lead to the Internet Archive, where its large pictures lie, and nowhere else', async () => {
    const archive = ['https://archive.org/download/x', 'https://ia800.us.archive.org/x.php']
    const others = [
      'http://archive.org/download/x',
      'https://archive.org.example.com/',
      'https://notarchive.org/',
      'https://127.0.0.1/',
    ]
    expect(await led(...archive, ...others)).toEqual(archive)
  })
})

describe('Google Books', () => {
  const google = async (body: unknown): Promise<{ answer: CoverAnswer; asked: string[] }> => {
    const asked: string[] = []
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    const ask: Ask = async ({ url }) => {
      asked.push(url.href)
      return { kind: 'reply', status: 200, headers: {}, mime: '', bytes }
    }
    const answer = await googleBooks({ url: 'https://www.googleapis.com' }, ask).ask(KNOWN)
    return { answer, asked: asked.slice(1) }
  }
  const volume = (identifier: string, imageLinks?: object) => ({
    volumeInfo: { industryIdentifiers: [{ type: 'x', identifier }], imageLinks },
  })

  it('takes the picture of the very book, by https', async () => {
    const thumbnail = 'http://books.google.com/books/content?id=a&zoom=1'
    for (const isbn of [KNOWN, '000000001X']) {
      const items = [volume('9780000000996', { thumbnail: 'x' }), volume(isbn, { thumbnail })]
      expect((await google({ items })).asked).toEqual([
        'https://books.google.com/books/content?id=a&zoom=1',
      ])
    }
    const only = volume(KNOWN, { smallThumbnail: thumbnail })
    expect((await google({ items: [only] })).asked).toHaveLength(1)
  })

  it.each([
    ['no volume', { totalItems: 0 }],
    ['another book', { items: [volume('9780000000996', { thumbnail: 'x' })] }],
    ['a volume without pictures', { items: [volume(KNOWN)] }],
    ['a volume without numbers', { items: [{ volumeInfo: { imageLinks: { thumbnail: 'x' } } }] }],
  ])('takes %s for none', async (_, body) => {
    expect(await google(body)).toEqual({ answer: { kind: 'none' }, asked: [] })
  })

  it.each(['<html>', '{"items":[', '[]', '{"items":[{}]}'])(
    'does not understand %s',
    async (body) => {
      const { answer } = await google(body)
      expect(answer).toEqual({ kind: 'unreachable', why: 'not-understood' })
    },
  )

  it.each([
    'http://127.0.0.1/x.jpg',
    'https://evil.example/books.google.com',
    'https://books.google.com.evil.example/x',
    'https://books.google.com:8443/x',
    'file:///etc/passwd',
    'not a URL',
  ])('1.8 SSRF: never asks for a picture at %s', async (thumbnail) => {
    const { answer, asked } = await google({ items: [volume(KNOWN, { thumbnail })] })
    expect(answer).toEqual({ kind: 'unreachable', why: 'forbidden' })
    expect(asked).toEqual([])
  })
})
