import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { HOUR } from '../../src/clock.ts'
import { answer, type Script } from '../support/fault-upstream.ts'
import { type RemoteSite, remoteSite } from '../support/remote-site.ts'
import { type Site, startSite } from '../support/site.ts'

const TOKEN = 'a-token-for-the-tests'
const TILE = '/iiif/A/1/0,0,512,512/256,/0/default.jpg'

async function reading(ini = ''): Promise<Site> {
  const site = await startSite({ ini: `METRICS_TOKEN = ${TOKEN}\n${ini}` })
  await site.addItem('A', { copies: 2 })
  await site.addItem('B')
  await site.post('ann', '/loan', { barcode: 'A' })
  return site
}

/** How many images were answered out of memory so far. */
async function hitsOf(site: Site): Promise<number> {
  return Number(/^carrel_kept_images_total (\d+)$/m.exec(await metricsOf(site))?.[1])
}

async function metricsOf(site: Site): Promise<string> {
  const headers = { authorization: `Bearer ${TOKEN}` }
  return (await site.as(undefined, '/metrics', { headers })).text()
}

/** How many requests for images were answered so far, by the status. */
async function answersOf(site: Site): Promise<string[]> {
  const text = await metricsOf(site)
  const found = text.matchAll(
    /^carrel_answers_total\{route="\/iiif\/[^}]*(status="\d+")\} (\d+)$/gm,
  )
  return [...found].map(([, status, count]) => `${status} ${count}`).sort()
}

interface Seen {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** One request with just these headers, some of them twice. */
function send(site: Site, method: string, path: string, headers: [string, string][]) {
  const { host, hostname, port } = new URL(site.url)
  const flat = headers.some(([name]) => name.toLowerCase() === 'host')
    ? headers
    : [['Host', host], ...headers]
  return new Promise<Seen>((resolve, reject) => {
    const sent = request({ hostname, port, method, path, setHost: false }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('error', reject)
      answer.on('end', () => {
        const { date: _, ...rest } = answer.headers
        resolve({
          status: answer.statusCode ?? 0,
          headers: rest,
          body: Buffer.concat(parts).toString('base64'),
        })
      })
    })
    sent.on('error', reject)
    for (const [name] of flat) {
      sent.setHeader(
        name!,
        flat.filter(([other]) => other === name).map(([, value]) => value!) as string[],
      )
    }
    sent.end()
  })
}

const ANN: [string, string] = ['REMOTE_USER', 'ann']

describe('an image that is kept', () => {
  it('is answered out of memory just as it is on the slow way', async () => {
    const [quick, slow] = [await reading(), await reading('RUN_MODE = verbose')]
    const etag = String((await send(quick, 'GET', TILE, [ANN])).headers.etag)
    await send(slow, 'GET', TILE, [ANN])
    const before = await hitsOf(quick)
    const table: [string, string, [string, string][]][] = [
      ['GET', TILE, [ANN]],
      ['GET', TILE, [ANN, ['If-None-Match', etag]]],
      ['GET', TILE, [ANN, ['If-None-Match', `"x", W/${etag}`]]],
      ['GET', TILE, [ANN, ['If-None-Match', '*']]],
      ['GET', TILE, [ANN, ['If-None-Match', '"other"']]],
      [
        'GET',
        TILE,
        [
          ['remote_user', 'ANN'],
          ['Range', 'bytes=0-9'],
        ],
      ],
      ['GET', `${TILE}`, [ANN, ['Cookie', 'a=b'], ['Accept', 'image/webp']]],
    ]
    for (const [method, path, headers] of table) {
      const seen = await send(quick, method, path, headers)
      expect(seen, JSON.stringify(headers)).toEqual(await send(slow, method, path, headers))
      expect(seen.status).toBeLessThan(400)
    }
    expect((await hitsOf(quick)) - before).toBe(table.length)
    expect(await hitsOf(slow)).toBe(0)
  })

  it('is no way around any gate: what is not plainly a hit goes the slow way', async () => {
    const [quick, slow] = [await reading(), await reading('RUN_MODE = verbose')]
    for (const site of [quick, slow]) await send(site, 'GET', TILE, [ANN])
    const before = await hitsOf(quick)
    const table: [string, string, [string, string][], number][] = [
      ['GET', TILE, [], 401],
      ['GET', TILE, [['REMOTE_USER', 'bob']], 403],
      ['GET', TILE, [['REMOTE_USER', '']], 401],
      ['GET', TILE, [ANN, ['Remote-User', 'ann']], 400],
      ['GET', TILE, [ANN, ANN], 400],
      ['GET', TILE, [ANN, ['Host', 'a'], ['Host', 'b']], 400],
      ['GET', TILE.replace('/A/', '/B/'), [ANN], 403],
      ['GET', TILE.replace('/A/', '/%41/'), [ANN], 200],
      ['GET', `${TILE}?t=1`, [ANN], 200],
      ['GET', TILE.replace('/1/', '/3/'), [ANN], 404],
      ['GET', TILE.replace('/1/', '/01/'), [ANN], 404],
      ['GET', '/iiif/A/1/full/max/0/default.jpg', [ANN], 403],
      ['GET', `${TILE}/x`, [ANN], 400],
      ['HEAD', TILE, [ANN], 200],
      ['POST', TILE, [ANN, ['Origin', quick.url]], 405],
    ]
    for (const [method, path, headers, status] of table) {
      const seen = await send(quick, method, path, headers)
      expect(seen.status, `${method} ${path} ${headers}`).toBe(status)
      const there = headers.map(([n, v]): [string, string] => [n, v === quick.url ? slow.url : v])
      expect(seen).toEqual(await send(slow, method, path, there))
    }
    expect(await hitsOf(quick)).toBe(before)
  })

  it('is shut by the very next request after the loan has ended', async () => {
    const site = await reading()
    for (let n = 0; n < 3; n++) expect((await site.as('ann', TILE)).status).toBe(200)
    await site.post('ann', '/return/A')
    expect((await site.as('ann', TILE)).status).toBe(403)
    await site.post('bob', '/loan', { barcode: 'A' })
    expect((await site.as('bob', TILE)).status).toBe(200)
    site.clock.t += 2 * HOUR
    expect((await site.as('bob', TILE)).status).toBe(403)
  })

  it('leaves a fault of the database to the slow way, which says so, and the server goes on', async () => {
    const site = await reading()
    await site.as('ann', TILE)
    site.db.$client.exec('alter table loans rename to elsewhere')
    expect((await site.as('ann', TILE)).status).toBe(500)
    site.db.$client.exec('alter table elsewhere rename to loans')
    expect((await site.as('ann', TILE)).status).toBe(200)
  })

  it('keeps the pace, and is counted in the statistics for readers alone', async () => {
    const site = await reading('READ_BURST = 4')
    await site.post('lee', '/loan', { barcode: 'A' })
    for (let n = 0; n < 3; n++) await site.as('lee', TILE)
    for (let n = 0; n < 4; n++) expect((await site.as('ann', TILE)).status).toBe(200)
    const slowed = await site.as('ann', TILE)
    expect([slowed.status, slowed.headers.get('retry-after')]).toEqual([429, '1'])
    const stats = await (await site.as('lee', '/stats')).text()
    expect(stats).toContain('Page requests in the last hour: 4 in all')
  })
})

/** Ways in which an image server answers, and how a reader is answered then. */
const COLD: [string, number | 'broken', (remote: RemoteSite) => Script, [string, string][]?][] = [
  ['whole', 200, ({ jpeg }) => give(answer(jpeg))],
  ['with a tag', 200, ({ jpeg }) => give(answer(jpeg, { headers: 'ETag: "x"\r\n' }))],
  ['in two parts', 200, ({ jpeg }) => inParts(answer(jpeg, { headers: 'ETag: "x"\r\n' }))],
  ['in chunks, in two parts', 200, ({ jpeg }) => inParts(inChunks(jpeg))],
  ['as the reader has it', 304, ({ jpeg }) => give(answer(jpeg)), [['If-None-Match', '*']]],
  [
    'in two parts, as the reader has it',
    304,
    ({ jpeg }) => inParts(answer(jpeg, { headers: 'ETag: "x"\r\n' })),
    [['If-None-Match', '*']],
  ],
  ['404', 404, ({ faults }) => faults['404']],
  ['503', 503, ({ faults }) => faults['503']],
  ['400', 400, ({ faults }) => faults['400']],
  ['500', 502, ({ faults }) => faults['500']],
  ['a page', 502, ({ faults }) => faults.html200],
  ['never', 504, ({ faults }) => faults.noreply],
  ['half', 'broken', ({ faults }) => faults['trunc-cl']],
  ['cut', 'broken', ({ jpeg }) => inParts(answer(jpeg.subarray(0, -2)))],
]

const give =
  (bytes: Buffer): Script =>
  (socket) =>
    void socket.write(bytes)

const inParts =
  (bytes: Buffer): Script =>
  async (socket) => {
    socket.write(bytes.subarray(0, 9_000))
    await wait(40)
    socket.write(bytes.subarray(9_000))
  }

function inChunks(bytes: Buffer): Buffer {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n'
  const size = `${bytes.length.toString(16)}\r\n`
  return Buffer.concat([Buffer.from(head + size), bytes, Buffer.from('\r\n0\r\n\r\n')])
}

/** Tags of images differ with the address of the image server, and each site here has its own. */
function comparable(seen: Seen | 'broken') {
  if (seen === 'broken') return seen
  return { ...seen, headers: { ...seen.headers, etag: typeof seen.headers.etag } }
}

/** The same site twice: one answers tiles before the router, the other is verbose and never does. */
async function both(more = ''): Promise<[RemoteSite, RemoteSite]> {
  const ini = `METRICS_TOKEN = ${TOKEN}\n${more}`
  const images = { headersMs: 300, wholeMs: 600 }
  return [await remoteSite(images, ini), await remoteSite(images, `${ini}\nRUN_MODE = verbose`)]
}

describe('an image that is not kept', () => {
  it('is answered before the router just as it is on the slow way, and so is every fault', async () => {
    const sites = await both()
    const [quick, slow] = sites
    for (const [n, [how, status, script, headers = []]] of COLD.entries()) {
      const path = `/iiif/A/1/${n},0,512,512/512,512/0/default.jpg`
      const [seen, expected] = await Promise.all(
        sites.map((remote) => {
          remote.play(script(quick))
          return send(remote.site, 'GET', path, [ANN, ...headers]).catch(() => 'broken' as const)
        }),
      )
      expect(seen && comparable(seen), how).toEqual(expected && comparable(expected))
      expect(seen === 'broken' ? seen : seen?.status, how).toBe(status)
    }
    const counts = await answersOf(quick.site)
    expect(counts).toEqual(await answersOf(slow.site))
    expect(counts.length, 'kinds of answer').toBe(7)
    const hour = async ({ site }: RemoteSite) =>
      /Page requests in the last hour: \d+/.exec(await (await site.as('lee', '/stats')).text())?.[0]
    expect(await hour(quick)).toEqual(await hour(slow))
    const upstream = ({ site }: RemoteSite) =>
      site.log.map(({ msg }) => msg).filter((msg) => msg.startsWith('upstream.'))
    expect(upstream(quick)).toEqual(upstream(slow))
    expect(new Set(upstream(quick)).size, 'kinds of trouble').toBe(5)
  })

  it('is refused as on the slow way when it may not be had, and counts once for the pace', async () => {
    for (const remote of await both('READ_BURST = 4')) {
      remote.play(give(answer(remote.jpeg)))
      const ask = async (path: string) =>
        (await send(remote.site, 'GET', `/iiif/A/1/${path}`, [ANN])).status
      expect(await ask('full/max/0/default.jpg')).toBe(403)
      expect(await ask('full/90,/17/default.jpg')).toBe(400)
      expect(await ask('0,0,512,512/512,512/0/default.jpg')).toBe(200)
      expect(await ask('9,0,512,512/512,512/0/default.jpg')).toBe(200)
      expect(await ask('8,0,512,512/512,512/0/default.jpg')).toBe(429)
      expect(remote.pixels()).toHaveLength(2)
    }
  })

  it('carries the library’s mark, and is never passed on before that', async () => {
    const [quick, slow] = await both('WATERMARK_TEXT = Ours')
    for (const remote of [quick, slow]) remote.play(inParts(answer(quick.jpeg)))
    const [path, headers] = ['/iiif/A/1/0,0,512,512/512,512/0/default.jpg', [ANN]] as const
    const seen = await send(quick.site, 'GET', path, [...headers])
    expect(seen).toEqual(await send(slow.site, 'GET', path, [...headers]))
    expect(seen.status).toBe(200)
    expect(seen.body).not.toBe(quick.jpeg.toString('base64'))
  })

  it('4.1 client abort: is given up with its reader, and the image server is left', async () => {
    for (const remote of await both()) {
      const asked = Promise.withResolvers<void>()
      const left = new Promise<void>((done) => {
        remote.play((socket) => {
          socket.on('close', () => done())
          asked.resolve()
        })
      })
      const gone = new AbortController()
      const failed = expect(remote.tile(undefined, { signal: gone.signal })).rejects.toThrow()
      await asked.promise
      gone.abort()
      await Promise.all([failed, left])
      expect(await answersOf(remote.site), 'nobody was answered').toEqual([])
    }
  })

  it('4.2 pipelining: has nothing written into it when what follows cannot be read', async () => {
    for (const remote of await both()) {
      remote.play((socket) => void socket.write(answer(remote.jpeg).subarray(0, 20_000)))
      const { hostname, port } = new URL(remote.site.url)
      const socket = connect(Number(port), hostname).setEncoding('latin1')
      let seen = ''
      socket.on('data', (part: string) => {
        if (seen === '') socket.write('NO HTTP\r\n\r\n')
        seen += part
      })
      socket.on('error', () => {})
      const path = '/iiif/A/1/0,0,512,512/512,512/0/default.jpg'
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nREMOTE_USER: ann\r\n\r\n`)
      await once(socket, 'close')
      expect(seen).toMatch(/^HTTP\/1\.1 200/)
      expect(seen).not.toContain('HTTP/1.1 400')
    }
  })

  it('leaves a fault of the database while it came to the slow way, which says so', async () => {
    for (const remote of await both()) {
      const { $client } = remote.site.db
      remote.play((socket) => {
        $client.exec('alter table loans rename to elsewhere')
        socket.write(answer(remote.jpeg))
      })
      expect((await remote.tile()).status).toBe(500)
      $client.exec('alter table elsewhere rename to loans')
      expect(remote.site.log.filter(({ msg }) => msg === 'request.fault')).toHaveLength(1)
      expect((await remote.tile()).status).toBe(200)
    }
  })
})
