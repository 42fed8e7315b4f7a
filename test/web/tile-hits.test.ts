import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { HOUR } from '../../src/clock.ts'
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
  const headers = { authorization: `Bearer ${TOKEN}` }
  const text = await (await site.as(undefined, '/metrics', { headers })).text()
  return Number(/^carrel_kept_images_total (\d+)$/m.exec(text)?.[1])
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
