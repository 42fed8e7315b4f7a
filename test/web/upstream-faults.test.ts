import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { HOUR, MINUTE, SECOND } from '../../src/clock.ts'
import { answer, type Script } from '../support/fault-upstream.ts'
import { addRemoteItem } from '../support/remote-item.ts'
import {
  PAGE,
  type RemoteSite,
  remoteSite,
  sharedRemoteSite,
  TILE,
} from '../support/remote-site.ts'
import { startSite } from '../support/site.ts'

const WARN = 40
const ERROR = 50
/** Short enough for a test, long enough for a busy machine. */
const QUICK = { headersMs: 300, wholeMs: 900, connectMs: 300, largestImageBytes: 200_000 }

/** Every header that an answer for an image may carry. */
const ALLOWED = [
  'cache-control',
  'connection',
  'content-length',
  'content-security-policy',
  'content-type',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'date',
  'etag',
  'keep-alive',
  'permissions-policy',
  'referrer-policy',
  'retry-after',
  'transfer-encoding',
  'vary',
  'x-content-type-options',
  'x-frame-options',
]

const good =
  ({ jpeg }: RemoteSite): Script =>
  (socket) =>
    void socket.write(answer(jpeg))

const upstreamLines = ({ site }: RemoteSite) =>
  site.log.filter(({ msg }) => msg.startsWith('upstream.'))

function hasOnlyAllowedHeaders(got: Response, { upstream }: RemoteSite): void {
  expect([...got.headers.keys()].filter((name) => !ALLOWED.includes(name))).toEqual([])
  expect(JSON.stringify([...got.headers])).not.toContain(new URL(upstream.origin).host)
}

/** What failed is not kept: the next reader gets the image, which is asked for again. */
async function isNotCached(remote: RemoteSite, path = TILE): Promise<void> {
  const before = remote.pixels().length
  remote.play(good(remote))
  const next = await remote.tile(path)
  expect(next.status).toBe(200)
  expect(Buffer.from(await next.arrayBuffer()).equals(remote.jpeg)).toBe(true)
  expect(remote.pixels().length).toBe(before + 1)
}

interface Row {
  readonly fault: keyof RemoteSite['faults']
  readonly status: number
  readonly event: string
  readonly level?: number
  /** More of the line. */
  readonly line?: object
  readonly retryAfter?: string
}

const ROWS: readonly (readonly [string, Row])[] = [
  ['1.5 500: is 502 and not cached', { fault: '500', status: 502, event: 'status' }],
  ['1.5 204: is 502 and not cached', { fault: '204', status: 502, event: 'type' }],
  ['1.5 empty: is 502 and not cached', { fault: 'empty', status: 502, event: 'type' }],
  ['1.5 html200: is 502 and not cached', { fault: 'html200', status: 502, event: 'type' }],
  [
    '1.5 html200 called JPEG: is 502 and not cached',
    { fault: 'html200-as-jpeg', status: 502, event: 'type' },
  ],
  ['1.5 svg: is 502 and not cached', { fault: 'svg', status: 502, event: 'type' }],
  [
    '1.5 redir-meta: is 502, and nobody goes there',
    { fault: 'redir-meta', status: 502, event: 'redirect', line: { to: '169.254.169.254' } },
  ],
  ['1.5 huge: is 502 before a byte is read', { fault: 'huge', status: 502, event: 'toolarge' }],
  ['1.5 noreply: is 504', { fault: 'noreply', status: 504, event: 'timeout' }],
  [
    '1.5 drip: is 504 while there is nothing to show',
    { fault: 'drip', status: 504, event: 'timeout' },
  ],
  [
    '1.5 bighdr: is 502',
    { fault: 'bighdr', status: 502, event: 'error', line: { code: 'UND_ERR_HEADERS_OVERFLOW' } },
  ],
  ['1.5 gzip-lie: is 502 and not cached', { fault: 'gzip-lie', status: 502, event: 'encoding' }],
  ['1.5 gzip that nobody asked for: is 502', { fault: 'gzip', status: 502, event: 'encoding' }],
  ['4.1 garbage: is 502', { fault: 'garbage', status: 502, event: 'error' }],
  [
    '4.1 401: is 502, for our right to read is not the patron’s',
    { fault: '401', status: 502, event: 'denied', level: ERROR },
  ],
  ['4.1 403: is 502', { fault: '403', status: 502, event: 'denied', level: ERROR }],
  [
    '4.1 429: is 503 with its Retry-After',
    { fault: '429', status: 503, event: 'busy', retryAfter: '7' },
  ],
  [
    '4.1 503: is 503 with Retry-After',
    { fault: '503', status: 503, event: 'busy', retryAfter: '5' },
  ],
]

describe('an image server that fails', () => {
  let remote: RemoteSite
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'carrel-'))
    remote = await sharedRemoteSite(QUICK, folder)
    return async () => {
      await remote.stop()
      rmSync(folder, { recursive: true })
    }
  })
  let row = 0
  /** A tile that no other row has asked for, at a time when nothing rests. */
  function fresh(): string {
    remote.site.clock.t += MINUTE
    remote.site.log.length = 0
    return `${row++},0,512,512/512,512/0/default.jpg`
  }

  it.each(ROWS)('%s', async (_, { fault, status, event, level = WARN, line = {}, retryAfter }) => {
    const path = fresh()
    const before = remote.pixels().length
    remote.play(remote.faults[fault])
    const got = await remote.tile(path)
    expect(got.status).toBe(status)
    hasOnlyAllowedHeaders(got, remote)
    expect(got.headers.get('cache-control')).toBe('no-store')
    expect(got.headers.get('retry-after')).toBe(retryAfter ?? null)
    const body = await got.text()
    expect(Object.keys(JSON.parse(body)).sort()).toEqual(['error', 'message'])
    expect(body).not.toMatch(/127\.0\.0\.1|secret|sign in/)
    expect(upstreamLines(remote)).toMatchObject([
      { msg: `upstream.${event}`, level, barcode: 'A', image: 1, failed: 1, ...line },
    ])
    expect(remote.pixels()).toHaveLength(before + 1)
    await isNotCached(remote, path)
  })

  it.each([
    ['1.5 trunc-cl: breaks the connection off, and is not cached', 'trunc-cl', 'truncated'],
    [
      '1.5 trunc-chunked: breaks the connection off, and is not cached',
      'trunc-chunked',
      'truncated',
    ],
    ['1.5 trunc-close: breaks the connection off, and is not cached', 'trunc-close', 'truncated'],
    ['1.5 huge in chunks: breaks the connection off at the cap', 'huge-chunked', 'toolarge'],
  ] as const)('%s', async (_, fault, event) => {
    const path = fresh()
    remote.play(remote.faults[fault])
    // As undici reads it, and any browser: an error, whatever came before it. (When all of it came
    // at once, nothing did.)
    const whole = remote.tile(path).then((got) => {
      if (got.status === 502) throw new Error('502')
      return got.arrayBuffer()
    })
    await expect(whole).rejects.toThrow()
    expect(upstreamLines(remote)).toMatchObject([{ msg: `upstream.${event}`, level: WARN }])
    await isNotCached(remote, path)
  })

  it('4.1 truncated: is 502 when it is seen before anything was passed on', async () => {
    const path = fresh()
    const cut = remote.jpeg.subarray(0, 3_000)
    remote.play((socket) => void socket.end(answer(cut)))
    const got = await remote.tile(path)
    expect(got.status).toBe(502)
    expect(upstreamLines(remote)).toMatchObject([{ msg: 'upstream.truncated', got: cut.length }])
    await isNotCached(remote, path)
  })

  it('4.1 truncated: a JPEG without its end never reaches its length at the reader', async () => {
    const path = fresh()
    const bytes = answer(remote.jpeg.subarray(0, -2))
    let sendRest = () => {}
    remote.play((socket) => {
      socket.write(bytes.subarray(0, 9_000))
      sendRest = () => void socket.end(bytes.subarray(9_000))
    })
    const got = await remote.tile(path)
    expect(got.status, 'passed on while it came').toBe(200)
    sendRest()
    await expect(got.arrayBuffer()).rejects.toThrow()
    await isNotCached(remote, path)
  })

  it('4.1 drip: an image that stops half way breaks off at the time limit', async () => {
    const path = fresh()
    const half = answer(remote.jpeg).subarray(0, 20_000)
    const closed = Promise.withResolvers<void>()
    remote.play((socket) => {
      socket.write(half)
      socket.on('close', closed.resolve)
    })
    await expect(remote.tile(path).then((got) => got.arrayBuffer())).rejects.toThrow()
    await closed.promise
    expect(upstreamLines(remote)).toMatchObject([{ msg: 'upstream.timeout', level: WARN }])
    await isNotCached(remote, path)
  })
})

describe('an image server that fails again and again', () => {
  it('1.5 setcookie: passes no header of the image server on, now or from the cache', async () => {
    const remote = await remoteSite()
    remote.play(remote.faults.setcookie)
    for (const _ of ['cold', 'cached']) {
      const got = await remote.tile()
      expect(got.status).toBe(200)
      hasOnlyAllowedHeaders(got, remote)
      expect(got.headers.get('content-type')).toBe('image/jpeg')
      await got.arrayBuffer()
    }
    expect(remote.pixels()).toHaveLength(1)
  })

  it('4.1 refused: is 502, and after five in ten seconds 503 for five seconds', async () => {
    const remote = await remoteSite(QUICK)
    remote.play(good(remote))
    await (await remote.tile()).arrayBuffer()
    remote.play(remote.faults.reset)
    const other = (n: number) => remote.tile(`512,${n},512,512/512,512/0/default.jpg`)
    for (let n = 0; n < 5; n++) expect((await other(n)).status).toBe(502)
    const asked = remote.pixels().length
    expect(asked, 'each is tried twice, since nothing of its answer was read').toBe(11)
    const resting = await other(6)
    expect([resting.status, resting.headers.get('retry-after')]).toEqual([503, '5'])
    remote.site.clock.t += 4 * SECOND
    expect((await other(7)).headers.get('retry-after')).toBe('1')
    expect((await remote.tile()).status, 'what is cached').toBe(200)
    expect(remote.pixels(), 'the server is left alone').toHaveLength(asked)

    remote.site.clock.t += SECOND
    expect((await other(8)).status, 'the one that tries').toBe(502)
    expect((await other(9)).status).toBe(503)
    remote.play(good(remote))
    remote.site.clock.t += 5 * SECOND
    expect((await other(10)).status).toBe(200)
    expect((await other(11)).status).toBe(200)
    expect(upstreamLines(remote).map(({ msg }) => msg)).toEqual(['upstream.error', 'upstream.back'])
  })

  it('4.1 DNS: a name that nobody has is 502', async () => {
    const site = await startSite({ ini: 'IIIF_BASE_URL = http://images.invalid/iiif' })
    const service = (name: string) => `http://images.invalid/iiif/${name}`
    await addRemoteItem(site, { service }, 'A', { ...PAGE, names: ['x'] })
    await site.post('ann', '/loan', { barcode: 'A' })
    const got = await site.as('ann', `/iiif/A/1/${TILE}`)
    expect([got.status, await got.text()]).toEqual([502, expect.not.stringContaining('invalid')])
    expect(site.log.find(({ msg }) => msg === 'upstream.error')).toMatchObject({
      level: WARN,
      code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/),
      host: 'images.invalid',
    })
  })

  it('4.1 404: is 404, remembered for ten seconds, and no failure of the server', async () => {
    const remote = await remoteSite()
    remote.play(remote.faults['404'])
    for (let n = 0; n < 8; n++) expect((await remote.tile()).status).toBe(404)
    expect(remote.pixels()).toHaveLength(1)
    expect(upstreamLines(remote)).toMatchObject([{ msg: 'upstream.not-found', level: 30 }])
    for (let n = 0; n < 6; n++) {
      expect((await remote.tile(`${n},0,512,512/512,512/0/default.jpg`)).status).toBe(404)
    }
    remote.site.clock.t += 10 * SECOND + 1
    await isNotCached(remote)
  })

  it('4.1 400: is 400 without a word to the operator, and no failure of the server', async () => {
    const remote = await remoteSite()
    remote.play(remote.faults['400'])
    for (let n = 0; n < 6; n++) expect((await remote.tile()).status).toBe(400)
    expect(upstreamLines(remote)).toEqual([])
    await isNotCached(remote)
  })

  it('4.1 5xx: one image that its server cannot draw does not shut the others off', async () => {
    const remote = await remoteSite()
    remote.play(remote.faults['500'])
    for (let n = 0; n < 8; n++) expect((await remote.tile()).status).toBe(502)
    expect(remote.pixels()).toHaveLength(8)
    await isNotCached(remote)
  })

  it('4.1 429/503: five in a row are taken as a wish to be left alone', async () => {
    const remote = await remoteSite()
    remote.play(remote.faults['429'])
    for (let n = 0; n < 5; n++) expect((await remote.tile()).status).toBe(503)
    const resting = await remote.tile()
    expect([resting.status, resting.headers.get('retry-after')]).toEqual([503, '7'])
    expect(remote.pixels()).toHaveLength(5)
  })

  it('4.1 down for an hour: one line a minute, which counts the tiles; loans go on', async () => {
    const remote = await remoteSite(QUICK)
    remote.play(good(remote))
    await (await remote.tile()).arrayBuffer()
    await remote.upstream.close()
    const { site } = remote
    for (let second = 0; second < 3 * 60; second += 5) {
      await Promise.all([1, 2, 3].map((n) => remote.tile(`512,${n},512,512/512,512/0/default.jpg`)))
      site.clock.t += 5 * SECOND
    }
    const lines = upstreamLines(remote)
    expect(lines.length).toBe(3)
    expect(lines.every(({ msg, level }) => msg === 'upstream.error' && level === WARN)).toBe(true)
    const failed = lines.reduce((sum, line) => sum + Number(line.failed), 0)
    expect(failed, 'all but those since the last line').toBeGreaterThan(2 * 36 - 3)
    expect((await remote.tile()).status, 'cached, on loan').toBe(200)
    expect((await site.as('bob', `/iiif/A/1/${TILE}`)).status, 'cached, not on loan').toBe(403)
    expect((await site.post('bob', '/loan', { barcode: 'A' })).headers.get('location')).toMatch(
      /view\/A/,
    )
    expect((await site.as('bob', '/view/A')).status).toBe(200)
    expect((await site.as('bob', '/manifests/A')).status).toBe(200)
    site.clock.t += 2 * HOUR
    expect((await remote.tile()).status, 'cached, loan over').toBe(403)
  })

  it('6.4: what fails for five readers costs a sixth at a cached tile at most 5 ms', async () => {
    const remote = await remoteSite()
    remote.play(good(remote))
    const warm = async () => {
      const before = performance.now()
      await (await remote.tile()).arrayBuffer()
      return performance.now() - before
    }
    for (let n = 0; n < 5; n++) await warm()
    for (const fault of ['noreply', '503'] as const) {
      remote.play(remote.faults[fault])
      const gone = new AbortController()
      const failing = [1, 2, 3, 4, 5].map((n) =>
        remote
          .tile(`512,${n},512,512/512,512/0/default.jpg`, { signal: gone.signal })
          .then((got) => got.status)
          .catch(() => 'gone'),
      )
      const times: number[] = []
      for (let n = 0; n < 10; n++) times.push(await warm())
      // The best of them: anything that waited for the five would make all of them slow.
      expect(Math.min(...times), fault).toBeLessThan(5)
      gone.abort()
      await Promise.all(failing)
      remote.site.clock.t += MINUTE
    }
  })
})
