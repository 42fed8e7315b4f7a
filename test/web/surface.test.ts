/** The HTTP surface: methods, conditions and parts. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { requestBytes, sendRaw } from '../support/raw.ts'
import { reading } from '../support/reading.ts'
import { addressesOf } from '../support/routes.ts'
import { startSite } from '../support/site.ts'

const TILE = '/iiif/A/1/0,0,512,512/512,512/0/default.jpg'
const ANN = 'REMOTE_USER: ann'
/** Of the moment and of the connection: not of the answer. */
const HOP = ['date', 'connection', 'keep-alive']

describe('a method', () => {
  it('4.2 HEAD: status and headers of the GET, no body, and no image is fetched', async () => {
    const { site, images } = await reading()
    const unfetched = await site.as('ann', TILE, { method: 'HEAD' })
    expect(unfetched.status).toBe(200)
    expect(images(), 'nothing is fetched').toEqual([])
    expect(unfetched.headers.get('cache-control')).toBe('private, max-age=300')
    const refused: [string | undefined, string, number][] = [
      [undefined, TILE, 401],
      ['bob', TILE, 403],
      ['ann', '/iiif/A/1/full/max/0/default.jpg', 403],
      ['ann', '/iiif/A/2/info.json', 404],
      ['ann', '/iiif/A/1/full/x/0/default.jpg', 400],
    ]
    for (const [who, path, status] of refused) {
      expect((await site.as(who, path, { method: 'HEAD' })).status, path).toBe(status)
    }
    expect(images()).toEqual([])
    for (const path of [
      TILE,
      '/iiif/A/1/info.json',
      '/manifests/A',
      '/',
      '/static/carrel.css',
      '/no',
    ]) {
      const headers = { 'accept-encoding': 'identity' }
      const got = await site.as('ann', path, { headers })
      const { length } = Buffer.from(await got.arrayBuffer())
      const head = await site.as('ann', path, { headers, method: 'HEAD' })
      const named = (answer: Response) =>
        [...answer.headers].filter(([name]) => !HOP.includes(name))
      expect([head.status, named(head)], path).toEqual([got.status, named(got)])
      expect(head.headers.get('content-length'), path).toBe(String(length))
      expect(await head.text(), path).toBe('')
    }
    expect(images()).toHaveLength(1)
  })

  it('4.2 OPTIONS and wrong methods: 204 and 405 with Allow, on every route', async () => {
    const site = await startSite()
    for (const [address, methods] of addressesOf(site)) {
      const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
      const options = await site.as(undefined, address, { method: 'OPTIONS' })
      expect([options.status, options.headers.get('allow')], address).toEqual([204, allow])
      const wrong = ['PUT', 'DELETE', 'PATCH', ...(methods.includes('POST') ? [] : ['POST'])]
      for (const method of methods.includes('GET') ? wrong : [...wrong, 'GET']) {
        const answer = await site.as('lee', address, { method })
        expect([answer.status, answer.headers.get('allow')], `${method} ${address}`).toEqual([
          405,
          allow,
        ])
      }
    }
  })

  it('4.2 TRACE, CONNECT and methods that nobody knows: 405 or 400, and nothing is sent back', async () => {
    const { site, images } = await reading()
    const cases: [string, number][] = [
      [`TRACE ${TILE}`, 405],
      [`PROPFIND ${TILE}`, 405],
      [`QUERY ${TILE}`, 405],
      ['CONNECT evil.example:443', 405],
      [`BORROW ${TILE}`, 400],
      [`get ${TILE}`, 400],
      ['OPTIONS *', 400],
      ['GET *', 400],
    ]
    for (const [line, status] of cases) {
      const answer = await sendRaw(site.url, requestBytes(line, ANN, 'X-Echo: canary'))
      expect(answer.status, line).toBe(status)
      if (status === 405) expect(answer.headers.get('allow'), line).toContain('GET')
      expect(answer.whole, line).not.toContain('canary')
    }
    expect(images()).toEqual([])
  })
})

describe('a request for a part, or for what has changed', () => {
  it('4.2 Range: ignored for tiles, 206 and 416 for static files', async () => {
    const { site } = await reading()
    const get = (path: string, headers: Record<string, string>, method = 'GET') =>
      site.as('ann', path, { method, headers: { 'accept-encoding': 'identity', ...headers } })
    const tile = await get(TILE, { range: 'bytes=0-1' })
    expect([tile.status, tile.headers.get('content-range')]).toEqual([200, null])

    const file = '/static/carrel.css'
    const whole = await get(file, {})
    const text = await whole.text()
    const etag = whole.headers.get('etag')!
    expect(whole.headers.get('accept-ranges')).toBe('bytes')
    const size = Buffer.byteLength(text)
    const parts: [string, string, string][] = [
      ['bytes=0-9', text.slice(0, 10), `bytes 0-9/${size}`],
      ['bytes=10-', text.slice(10), `bytes 10-${size - 1}/${size}`],
      ['bytes=-7', text.slice(-7), `bytes ${size - 7}-${size - 1}/${size}`],
      [`bytes=${size - 1}-${size + 5}`, text.slice(-1), `bytes ${size - 1}-${size - 1}/${size}`],
    ]
    for (const [range, part, said] of parts) {
      const answer = await get(file, { range, 'if-range': etag })
      expect([answer.status, answer.headers.get('content-range')], range).toEqual([206, said])
      expect(await answer.text(), range).toBe(part)
    }
    for (const range of [`bytes=${size}-`, 'bytes=-0']) {
      const answer = await get(file, { range })
      expect([answer.status, answer.headers.get('content-range')]).toEqual([416, `bytes */${size}`])
    }
    for (const range of ['bytes=9-1', 'bytes=0-1,3-4', 'pages=1-2', 'bytes=-', 'bytes=x']) {
      expect((await get(file, { range })).status, range).toBe(200)
    }
    expect((await get(file, { range: 'bytes=0-1', 'if-range': '"old"' })).status).toBe(200)
    expect((await get(file, { range: 'bytes=0-1' }, 'HEAD')).status).toBe(200)
    const packed = await get(file, { 'accept-encoding': 'br' })
    expect(packed.headers.get('content-encoding')).toBe('br')
    expect(packed.headers.get('etag'), 'parts of one are not parts of the other').not.toBe(etag)
  })

  it('4.2 If-None-Match: 304 for info.json, images, static files and covers, after the loan check', async () => {
    const { site } = await reading()
    mkdirSync(site.settings.thumbnailsDir, { recursive: true })
    writeFileSync(join(site.settings.thumbnailsDir, 'A.jpg'), 'a picture')
    const date = new Date(Date.now() + 1e6).toUTCString()
    for (const path of [TILE, '/iiif/A/1/info.json', '/static/carrel.css', '/thumbnails/A.jpg']) {
      const etag = (await site.as('ann', path)).headers.get('etag') ?? ''
      expect(etag, path).toMatch(/^"[^"]+"$/)
      for (const tag of [etag, `"x", ${etag}`, `W/${etag}`, '*']) {
        const answer = await site.as('ann', path, { headers: { 'if-none-match': tag } })
        expect([answer.status, await answer.text()], `${path} ${tag}`).toEqual([304, ''])
      }
      const other = { 'if-none-match': '"other"', 'if-modified-since': date }
      expect((await site.as('ann', path, { headers: other })).status, path).toBe(200)
    }
    await site.post('ann', '/return/A')
    const headers = { 'if-none-match': '*', 'if-modified-since': date }
    expect((await site.as('ann', TILE, { headers })).status).toBe(403)
    expect((await site.as('ann', '/iiif/A/1/info.json', { headers })).status).toBe(403)
  })
})
