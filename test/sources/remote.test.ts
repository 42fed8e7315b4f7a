import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { remoteSource } from '../../src/sources/remote.ts'
import type { SourceImage } from '../../src/sources/source.ts'
import {
  answer,
  type FaultUpstream,
  faultUpstream,
  type Script,
} from '../support/fault-upstream.ts'
import { chunked } from '../support/faults.ts'

const PATH = '0,0,512,512/512,/0/default.jpg'
const bounds = {
  connectMs: 300,
  headersMs: 300,
  wholeMs: 600,
  largestImageBytes: 200_000,
  largestInfoBytes: 20_000,
}

let jpeg: Buffer
let png: Buffer
let upstream: FaultUpstream
let source: ReturnType<typeof remoteSource>
let image: SourceImage

beforeAll(async () => {
  const noise = sharp({
    create: {
      width: 300,
      height: 300,
      channels: 3,
      background: 'red',
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  })
  jpeg = await noise.clone().jpeg().toBuffer()
  png = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
    .png()
    .toBuffer()
  expect(jpeg.length, 'needs several packets').toBeGreaterThan(30_000)
})
beforeEach(async () => {
  upstream = await faultUpstream()
  source = remoteSource(bounds)
  image = { kind: 'service', id: `${upstream.origin}/iiif/book%2Fp1`, api: 2 }
})
afterEach(async () => {
  await upstream.close()
  await source.close()
})

const give =
  (bytes: () => Buffer): Script =>
  (socket) =>
    void socket.end(bytes())
/** The whole of it, whether or not its first bytes could have been passed on. */
async function pixels(of = image) {
  const answer = await source.pixels(of, PATH)
  return answer.kind === 'coming' ? answer.whole : answer
}

describe('pixels of a remote image', () => {
  it.each<[string, () => Buffer, string]>([
    ['with a length', () => answer(jpeg), 'image/jpeg'],
    ['in chunks', () => chunked(jpeg), 'image/jpeg'],
    [
      'ended by its connection, when the JPEG itself is whole',
      () => answer(jpeg, { length: null }),
      'image/jpeg',
    ],
    [
      'with padding after its end',
      () => answer(Buffer.concat([jpeg, Buffer.alloc(64)])),
      'image/jpeg',
    ],
    ['called image/jpg', () => answer(jpeg, { type: 'image/JPG; charset=x' }), 'image/jpeg'],
    ['as PNG', () => answer(png, { type: 'image/png' }), 'image/png'],
  ])('come %s', async (_, bytes, type) => {
    upstream.play(give(bytes))
    const got = await pixels()
    if (got.kind !== 'found') throw new Error(JSON.stringify(got))
    expect(got.type).toBe(type)
    expect(digest(got.bytes)).toBe(digest(bytesOf(type, got.bytes.length)))
    expect(got.bytes.buffer.byteLength, 'alone in its buffer').toBe(got.bytes.length)
  })

  it('1.3 outbound: are asked for by the image’s id and our own path, with nothing of the patron', async () => {
    upstream.play(give(() => answer(jpeg)))
    await pixels()
    expect(upstream.targets).toEqual([`/iiif/book%2Fp1/${PATH}`])
    const names = upstream.heads[0]
      ?.split('\r\n')
      .slice(1, -2)
      .map((line) => line.split(':')[0]?.toLowerCase())
    expect(names?.sort()).toEqual(['accept', 'accept-encoding', 'connection', 'host', 'user-agent'])
  })

  it.each<[string, () => Buffer, object]>([
    [
      'cut short of its length',
      () => answer(jpeg.subarray(0, 20_000), { length: jpeg.length }),
      bad('truncated'),
    ],
    ['cut in the middle of a chunk', () => chunked(jpeg).subarray(0, 20_000), bad('truncated')],
    ['cut between two chunks', () => chunked(jpeg).subarray(0, -5), bad('truncated')],
    [
      'cut and ended by its connection',
      () => answer(jpeg.subarray(0, 20_000), { length: null }),
      bad('truncated'),
    ],
    ['cut, with a length that agrees', () => answer(jpeg.subarray(0, 20_000)), bad('truncated')],
    [
      'a GIF ended by its connection',
      () => answer('GIF89a;', { type: 'image/gif', length: null }),
      bad('truncated'),
    ],
    ['a web page', () => answer('<html>', { type: 'text/html' }), bad('type')],
    ['a web page called JPEG', () => answer('<html>'), bad('type')],
    ['SVG', () => answer('<svg onload="x()"/>', { type: 'image/svg+xml' }), bad('type')],
    ['SVG called PNG', () => answer('<svg onload="x()"/>', { type: 'image/png' }), bad('type')],
    ['JPEG called PNG', () => answer(jpeg, { type: 'image/png' }), bad('type')],
    ['JPEG called nothing', () => answer(jpeg, { type: '' }), bad('type')],
    ['empty', () => answer(''), bad('type')],
    ['204', () => answer('', { status: 204, length: null }), bad('type')],
    ['206', () => answer(jpeg, { status: 206 }), bad('status')],
    ['500', () => answer('at /srv/secret/path', { status: 500 }), bad('status')],
    ['404', () => answer('', { status: 404 }), { kind: 'not-found' }],
    ['410', () => answer('', { status: 410 }), { kind: 'not-found' }],
    ['400', () => answer('', { status: 400 }), { kind: 'refused-request' }],
    ['501', () => answer('', { status: 501 }), { kind: 'refused-request' }],
    ['401', () => answer('', { status: 401 }), { kind: 'denied' }],
    ['403', () => answer('', { status: 403 }), { kind: 'denied' }],
    [
      '429',
      () => answer('', { status: 429, headers: 'Retry-After: 7\r\n' }),
      { kind: 'busy', retryAfterS: 7 },
    ],
    ['503', () => answer('', { status: 503 }), { kind: 'busy', retryAfterS: 5 }],
    [
      '503 for a day',
      () => answer('', { status: 503, headers: 'Retry-After: 86400\r\n' }),
      { kind: 'busy', retryAfterS: 60 },
    ],
    ['504', () => answer('', { status: 504 }), { kind: 'timeout' }],
    [
      'packed, though that was not asked for',
      () => answer(gzipSync(jpeg), { headers: 'Content-Encoding: gzip\r\n' }),
      bad('encoding'),
    ],
    [
      'said to be packed and not',
      () => answer(jpeg, { headers: 'Content-Encoding: gzip\r\n' }),
      bad('encoding'),
    ],
    ['said to be larger than the cap', () => answer(jpeg, { length: 200_001 }), bad('toolarge')],
    [
      'larger than the cap, in chunks',
      () => chunked(Buffer.concat(Array(9).fill(jpeg))),
      bad('toolarge'),
    ],
    ['not HTTP', () => Buffer.from('SSH-2.0-OpenSSH_9.9\r\n\r\n'), { kind: 'unreachable' }],
    [
      'headers without end',
      () => answer(jpeg, { headers: `X: ${'x'.repeat(40_000)}\r\n` }),
      { kind: 'unreachable' },
    ],
  ])('are not taken when the answer is %s', async (_, bytes, expected) => {
    upstream.play(give(bytes))
    expect(await pixels()).toMatchObject(expected)
    expect(upstream.targets).toHaveLength(1)
  })

  it.each<[string, Script]>([
    ['says nothing', () => {}],
    ['stops in its headers', (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-')],
    [
      'stops in its body',
      (socket) => void socket.write(answer(jpeg.subarray(0, 999), { length: jpeg.length })),
    ],
    ['drips', drip],
  ])('time out when the server %s', async (_, script) => {
    upstream.play(script)
    const before = performance.now()
    expect((await pixels()).kind).toBe('timeout')
    expect(performance.now() - before).toBeLessThan(2_500)
  })

  it('are asked for once more when the connection dies before the answer begins', async () => {
    let first = true
    upstream.play((socket) => {
      if (first) socket.resetAndDestroy()
      else socket.end(answer(jpeg))
      first = false
    })
    expect((await pixels()).kind).toBe('found')
    expect(upstream.targets).toHaveLength(2)
  })

  it('are given up after the second try', async () => {
    upstream.play((socket) => socket.resetAndDestroy())
    expect((await pixels()).kind).toBe('unreachable')
    expect(upstream.targets).toHaveLength(2)
    await upstream.close()
    expect(await pixels()).toMatchObject({ kind: 'unreachable', detail: { code: 'ECONNREFUSED' } })
  })

  it('end with the reason of the caller who goes away, and the server is left', async () => {
    const closed = new Promise((done) => upstream.play((socket) => void socket.on('close', done)))
    const gone = new AbortController()
    const asked = source.pixels(image, PATH, gone.signal)
    setTimeout(() => gone.abort(new Error('closed the tab')), 50)
    await expect(asked).rejects.toThrow('closed the tab')
    await closed
  })

  it('can be had from a connection that was used before', async () => {
    upstream.play((socket) => void socket.write(answer('no', { status: 404 })))
    expect((await pixels()).kind).toBe('not-found')
    upstream.play((socket) => void socket.write(answer(jpeg)))
    expect((await pixels()).kind).toBe('found')
  })
})

describe('a redirect', () => {
  const redirect =
    (to: string): Script =>
    (socket, { target }) =>
      void socket.end(
        target.endsWith(PATH)
          ? answer('', { status: 302, headers: `Location: ${to}\r\n` })
          : answer(jpeg),
      )

  it('is followed below the image’s own id', async () => {
    upstream.play(redirect('/iiif/book%2Fp1/0,0,512,512/512,512/0/default.jpg'))
    expect((await pixels()).kind).toBe('found')
  })

  it.each([
    '/iiif/other/full/full/0/default.jpg',
    '/secret',
    '/iiif/book%2Fp1/../../secret',
    '/iiif/book%2Fp1evil/x',
    'http://127.0.0.1:1/iiif/book%2Fp1/x',
    '//127.0.0.2/iiif/book%2Fp1/x',
    'http://169.254.169.254/latest/meta-data',
    'file:///etc/passwd',
    'http://',
    'http://[',
  ])('to %s is not followed', async (to) => {
    upstream.play(redirect(to))
    expect(await pixels()).toMatchObject(bad('redirect'))
    expect(upstream.targets).toHaveLength(1)
  })

  it('is followed once only', async () => {
    upstream.play(
      (socket, { target }) =>
        void socket.end(answer('', { status: 302, headers: `Location: ${target}x\r\n` })),
    )
    expect(await pixels()).toMatchObject(bad('redirect'))
    expect(upstream.targets).toHaveLength(2)
  })
})

describe('the address of an image', () => {
  it.each([
    'not a url',
    'file:///etc/passwd',
    'ftp://127.0.0.1/x',
    'http://user:secret@127.0.0.1/x',
    'http://127.0.0.1/iiif/../x',
    'http://127.0.0.1/iiif/%2e%2E/x',
    'http://127.0.0.1/iiif/..\\x',
    'http://127.0.0.1/iiif?x=1',
    'http://127.0.0.1/iiif#x',
    '',
  ])('%j is not fetched', async (id) => {
    expect((await pixels({ kind: 'service', id, api: 2 })).kind).toBe('bad-answer')
  })

  it('is the image itself when there is no service, with its query', async () => {
    upstream.play(give(() => answer(png, { type: 'image/png' })))
    const plain = { kind: 'plain', id: `${upstream.origin}/a/cover.png?v=2` } as const
    expect((await pixels(plain)).kind).toBe('found')
    expect((await source.info(plain)).kind).toBe('not-found')
    expect(upstream.targets).toEqual(['/a/cover.png?v=2'])
  })
})

describe('info.json of a remote image', () => {
  it('comes as it is, whatever type it is called', async () => {
    upstream.play(give(() => answer('{"width": 5, "é": 1}', { type: 'text/plain' })))
    expect(await source.info(image)).toEqual({ kind: 'found', document: { width: 5, é: 1 } })
    expect(upstream.targets).toEqual(['/iiif/book%2Fp1/info.json'])
  })

  it.each<[string, () => Buffer, object]>([
    ['not JSON', () => answer('<html>'), bad('info')],
    ['cut', () => answer('{"width": 5', { length: null }), bad('info')],
    ['not UTF-8', () => answer(Buffer.from([0x22, 0x92, 0x22])), bad('info')],
    ['empty', () => answer(''), bad('info')],
    ['too large', () => answer(' '.repeat(20_001)), bad('toolarge')],
    ['missing', () => answer('', { status: 404 }), { kind: 'not-found' }],
  ])('is not taken when it is %s', async (_, bytes, expected) => {
    upstream.play(give(bytes))
    expect(await source.info(image)).toMatchObject(expected)
  })
})

function bad(why: string) {
  return { kind: 'bad-answer', why }
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** What was sent, padded with zeros to this length. */
function bytesOf(type: string, length: number): Buffer {
  const sent = type === 'image/png' ? png : jpeg
  return Buffer.concat([sent, Buffer.alloc(length - sent.length)])
}

/** A byte every 20 ms: each comes in time, the whole never does. */
function drip(socket: Parameters<Script>[0]): void {
  socket.write(answer('', { length: jpeg.length }))
  let sent = 0
  const timer = setInterval(() => socket.write(jpeg.subarray(sent, ++sent)), 20)
  socket.on('close', () => clearInterval(timer))
}
