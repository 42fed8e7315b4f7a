/** The HTTP surface: methods, conditions, ranges, bodies, and what is no HTTP at all. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SECURITY_HEADERS } from '../../src/web/headers.ts'
import { iiifUpstream } from '../support/iiif-upstream.ts'
import { requestBytes, sendRaw } from '../support/raw.ts'
import { addRemoteItem, imagesFrom } from '../support/remote-item.ts'
import { addressesOf } from '../support/routes.ts'
import { startSite } from '../support/site.ts'

const TILE = '/iiif/A/1/0,0,512,512/512,512/0/default.jpg'
const ANN = 'REMOTE_USER: ann'
/** Of the moment and of the connection: not of the answer. */
const HOP = ['date', 'connection', 'keep-alive']

/** Ann has A on loan, whose one page is on a recording image server. */
async function reading() {
  const upstream = await iiifUpstream({ api: 3, width: 2000, height: 3000, tile: 512 })
  onTestFinished(() => upstream.close())
  const site = await startSite({ ini: imagesFrom(upstream) })
  const image = { api: 3, width: 2000, height: 3000, names: ['a-1'] } as const
  await addRemoteItem(site, upstream, 'A', image)
  expect((await site.post('ann', '/loan', { barcode: 'A' })).status).toBe(303)
  const images = () => upstream.targets.filter((target) => !target.endsWith('info.json'))
  return { site, images }
}

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

describe('what is no sound HTTP', () => {
  it('4.2 two lengths, bare LF, folded lines: 400, and the connection is closed', async () => {
    const site = await startSite()
    const head = `POST /loan HTTP/1.1\r\nHost: x\r\n${ANN}\r\nOrigin: ${site.url}\r\n`
    const smuggled = 'GET /about HTTP/1.1\r\nHost: x\r\n\r\n'
    const cases = [
      `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      `${head}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd${smuggled}`,
      `${head}Content-Length: 4, 5\r\n\r\nabcd${smuggled}`,
      `${head}Content-Length: +4\r\n\r\nabcd${smuggled}`,
      `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
      `GET /about HTTP/1.1\nHost: x\n\n${smuggled}`,
      `GET /about HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n  2\r\n\r\n${smuggled}`,
      `GET /about HTTP/1.1\r\nHost: x\r\nX-A : 1\r\n\r\n${smuggled}`,
      `GET /about HTTP/1.1\r\nHost: x\r\nX-A: \x01\r\n\r\n${smuggled}`,
      `GET /about HTTP/9.9\r\nHost: x\r\n\r\n${smuggled}`,
      'hello?\r\n\r\n',
    ]
    for (const bytes of cases) {
      const answer = await sendRaw(site.url, bytes)
      expect([answer.status, answer.body], JSON.stringify(bytes)).toEqual([400, ''])
    }
  })

  it('4.2 pipelining: answers in order', async () => {
    const site = await startSite()
    const bytes = `GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n${requestBytes('GET /about')}`
    const statuses = (await sendRaw(site.url, bytes)).whole.match(/^HTTP\/1\.1 \d{3}/gm)
    expect(statuses).toEqual(['HTTP/1.1 404', 'HTTP/1.1 200'])
  })

  it('4.2 20 kB header or path: 431; a path of more than 4 kB: 414', async () => {
    const site = await startSite()
    const long = (length: number) => `/${'a'.repeat(length - 1)}`
    const status = async (line: string, ...headers: string[]) =>
      (await sendRaw(site.url, requestBytes(line, ...headers))).status
    expect(await status('GET /', `X-Long: ${'a'.repeat(20_000)}`)).toBe(431)
    expect(await status(`GET ${long(20_000)}`)).toBe(431)
    expect(await status(`GET ${long(5_000)}`)).toBe(414)
    expect(await status(`GET ${long(4_097)}`)).toBe(414)
    expect(await status(`GET ${long(4_096)}`)).toBe(404)
    expect(await status(`GET /about?${long(5_000)}`)).toBe(200)
  })

  it('4.2 Host: of two 400, of a foreign one nothing is believed; X-Forwarded-* likewise', async () => {
    const { site } = await reading()
    const evil = [
      'X-Forwarded-Host: evil.example',
      'X-Forwarded-Proto: gopher',
      'Forwarded: host=evil.example',
      'X-Original-URL: /list',
    ]
    for (const path of [
      '/',
      '/item/A',
      '/manifests/A',
      '/iiif/A/1/info.json',
      '/view/A',
      '/nothing',
    ]) {
      const bytes = `GET ${path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n${[ANN, ...evil].join('\r\n')}\r\n\r\n`
      const answer = await sendRaw(site.url, bytes)
      expect(answer.status, path).toBe(path === '/nothing' ? 404 : 200)
      expect(answer.whole, path).not.toMatch(/evil\.example|gopher/)
    }
    const lines = ['GET /about HTTP/1.1', 'Connection: close', '', '']
    const hosts = ['Host: x', 'hOST: x']
    expect(
      (await sendRaw(site.url, [lines[0], ...hosts, ...lines.slice(1)].join('\r\n'))).status,
    ).toBe(400)
    expect((await sendRaw(site.url, lines.join('\r\n'))).status, 'none').toBe(400)
    expect((await sendRaw(site.url, 'GET /about HTTP/1.0\r\n\r\n')).status, 'none in 1.0').toBe(400)
  })
})

describe('a body', () => {
  it('4.2 body: wrong type 415; bad escape, field twice, missing, cut off 400; too large 413', async () => {
    const site = await startSite()
    await site.addItem('A', { convert: false })
    const FORM = 'application/x-www-form-urlencoded'
    const cases: [string, string, string | undefined, string, number][] = [
      ['ann', '/loan', 'application/json', '{"barcode":"A"}', 415],
      ['ann', '/loan', 'text/plain', 'barcode=A', 415],
      ['ann', '/loan', 'multipart/form-data; boundary=b', '--b--\r\n', 415],
      ['ann', '/loan', undefined, 'barcode=A', 415],
      ['ann', '/loan', FORM, 'barcode=%zz', 400],
      ['ann', '/loan', FORM, 'barcode=%', 400],
      ['ann', '/loan', FORM, 'barcode=%ff', 400],
      ['ann', '/loan', FORM, 'barcode=A&barcode=A', 400],
      ['ann', '/loan', FORM, 'barcode=A&%62arcode=B', 400],
      ['ann', '/loan', FORM, '', 400],
      ['lee', '/ready', FORM, 'ready=yes', 400],
      ['lee', '/ready', FORM, 'barcode=A', 400],
      ['ann', '/loan', FORM, `barcode=${'x'.repeat(1_000_000)}`, 413],
      ['lee', '/update/add', 'multipart/form-data; boundary=b', '--b\r\nContent-Disp', 400],
      ['lee', '/update/add', 'multipart/form-data', '--b--\r\n', 415],
      [
        'lee',
        '/update/add',
        'multipart/form-data; boundary=b',
        part('barcode', 'A').repeat(2),
        400,
      ],
      [
        'lee',
        '/update/add',
        'multipart/form-data; boundary=b',
        part('notes', 'x'.repeat(1e6)),
        413,
      ],
    ]
    for (const [who, path, type, body, status] of cases) {
      const bytes = requestBytes(
        `POST ${path}`,
        `REMOTE_USER: ${who}`,
        `Origin: ${site.url}`,
        ...(type === undefined ? [] : [`Content-Type: ${type}`]),
        `Content-Length: ${body.length}`,
      )
      const answer = await sendRaw(site.url, bytes + body)
      expect(answer.status, `${path} ${type} ${body.slice(0, 40)}`).toBe(status)
    }
    const rows = () => site.db.$client.prepare('select count(*) as n from loans').get()
    expect(rows()).toEqual({ n: 0 })
  })
})

const part = (name: string, value: string) =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n${name === 'notes' ? '--b--\r\n' : ''}`

describe('every answer', () => {
  it('4.2 security headers: on pages, files, images, refusals and what is no HTTP', async () => {
    const { site } = await reading()
    const etag = (await site.as('ann', TILE)).headers.get('etag')
    const cases: [string, number][] = [
      [requestBytes('GET /'), 200],
      [requestBytes('GET /static/carrel.css'), 200],
      [requestBytes('GET /static/carrel.css', 'Range: bytes=999999-'), 416],
      [requestBytes('GET /site.css'), 404],
      [requestBytes(`GET ${TILE}`, ANN), 200],
      [requestBytes(`HEAD ${TILE}`, ANN), 200],
      [requestBytes(`GET ${TILE}`, ANN, `If-None-Match: ${etag}`), 304],
      [requestBytes(`GET ${TILE}`), 401],
      [requestBytes('GET /list', ANN), 403],
      [requestBytes('GET /loan', ANN), 405],
      [requestBytes('OPTIONS /loan'), 204],
      [requestBytes('POST /loan', ANN), 403],
      [requestBytes('GET /logout'), 200],
      [requestBytes('GET /../x'), 400],
      [requestBytes(`GET /${'a'.repeat(5000)}`), 414],
      [requestBytes('GET /', `X: ${'a'.repeat(20_000)}`), 431],
      [requestBytes('OPTIONS *'), 400],
      [requestBytes('CONNECT a:1'), 405],
      [requestBytes('POST /loan', 'Expect: wonders'), 417],
      ['GET / HTTP/1.0\r\n\r\n', 400],
      ['GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n', 400],
      ['nonsense\r\n\r\n', 400],
    ]
    for (const [bytes, status] of cases) {
      const answer = await sendRaw(site.url, bytes)
      expect(answer.status, bytes).toBe(status)
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
        expect(answer.headers.get(name.toLowerCase()), `${name}: ${bytes}`).toBe(value)
      }
      expect(answer.headers.get('server') ?? answer.headers.get('x-powered-by')).toBeUndefined()
    }
  })
})
