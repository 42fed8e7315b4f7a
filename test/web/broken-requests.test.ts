/** The HTTP surface: requests that are broken, too large or misleading. */
import { describe, expect, it } from 'vitest'
import { SECURITY_HEADERS } from '../../src/web/headers.ts'
import { requestBytes, sendRaw } from '../support/raw.ts'
import { reading } from '../support/reading.ts'
import { startSite } from '../support/site.ts'

const TILE = '/iiif/A/1/0,0,512,512/512,512/0/default.jpg'
const ANN = 'REMOTE_USER: ann'

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
