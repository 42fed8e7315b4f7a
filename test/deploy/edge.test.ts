import { writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { HOUR, SECOND } from '../../src/clock.ts'
import { EDGE_SECRET, SSO_SECRET } from '../support/edge-files.ts'
import { type Edge, makePlace, startEdge } from '../support/edges.ts'
import { testFolder } from '../support/folder.ts'
import { manifestFile, manifestOf, type Site, startSite } from '../support/site.ts'

const TILE = '/iiif/A/1/0,0,512,512/512,512/0/default.jpg'
const INFO = '/iiif/A/1/info.json'

interface Library {
  readonly site: Site
  readonly edges: readonly [Edge, Edge]
  /** How often Carrel was asked so far for what fits this pattern of a route. */
  asked(route: string): Promise<number>
}

/** One Carrel and two edges, each in its own network. Ann has A on loan, Bob B. */
async function library(ini = '', changes: Record<string, string> = {}): Promise<Library> {
  const places = [makePlace(1), makePlace(2)] as const
  const trusted = places.map(({ inside }) => inside).join(', ')
  const site = await startSite({
    ini: `HOST = 0.0.0.0\nTRUSTED_PROXIES = ${trusted}\nPROXY_SECRET = ${EDGE_SECRET}\n${ini}\nMETRICS_TOKEN = a-token-for-the-tests`,
  })
  const { port } = new URL(site.url)
  const start = (n: 0 | 1) =>
    startEdge(places[n], join(testFolder(), 'edge'), `${places[n].outside}:${port}`, changes)
  const edges = [await start(0), await start(1)] as const
  for (const [item, name] of Object.entries({ A: 'ann', B: 'bob' })) {
    await site.addItem(item)
    expect((await borrow(site, edges[0], name, item)).status).toBe(303)
  }
  const headers = { authorization: 'Bearer a-token-for-the-tests' }
  return {
    site,
    edges,
    async asked(route) {
      const text = await (await site.as(undefined, '/metrics', { headers })).text()
      const lines = text.split('\n').filter((line) => line.includes(`route="${route}`))
      return lines
        .filter((line) => line.startsWith('carrel_answers_total'))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    },
  }
}

const post = (site: Site, edge: Edge, name: string, path: string, fields = {}) =>
  edge.as(name, path, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: { origin: site.url },
  })

const borrow = (site: Site, edge: Edge, name: string, barcode: string) =>
  post(site, edge, name, '/loan', { barcode })

const statuses = (edges: readonly Edge[], name: string | undefined, path: string) =>
  Promise.all(edges.map(async (edge) => (await edge.as(name, path)).status))

/** Seconds until every edge refuses this. */
async function secondsUntilRefused(edges: readonly Edge[], name: string, path: string) {
  const started = performance.now()
  for (;;) {
    const all = await statuses(edges, name, path)
    if (all.every((status) => status === 403)) return (performance.now() - started) / 1000
    if (performance.now() - started > 5_000) throw new Error(`still ${all}`)
    await wait(20)
  }
}

describe('two edges and one Carrel', () => {
  it('serve what is on loan from their own disks, and refuse it within two seconds of its return', async () => {
    const { site, edges, asked } = await library()
    const first = await edges[0].as('ann', TILE)
    const direct = Buffer.from(await first.arrayBuffer())
    expect([first.status, first.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
    expect(await statuses(edges, 'ann', TILE)).toEqual([200, 200])
    const before = await asked('/iiif')
    for (let n = 0; n < 20; n++) {
      for (const edge of edges) {
        const answer = await edge.as('ann', TILE)
        expect(Buffer.from(await answer.arrayBuffer()).equals(direct)).toBe(true)
      }
    }
    expect(await asked('/iiif'), 'no tile was asked of Carrel').toBe(before)
    expect(await asked('/edge'), 'and seldom whether ann may read').toBeLessThan(20)
    expect((await post(site, edges[1], 'ann', '/return/A')).status).toBe(303)
    expect(await secondsUntilRefused(edges, 'ann', TILE)).toBeLessThan(2)
    expect((await borrow(site, edges[0], 'bob', 'A')).status, 'bob reads B').toBe(409)
    const refused = await edges[0].as('ann', TILE)
    expect(await refused.json()).toMatchObject({ error: 'not-on-loan' })
    expect(refused.headers.get('cache-control')).toBe('no-store')
  })

  it('ask once for each connection of a browser, at most, when a page is turned', async () => {
    const { edges, asked } = await library()
    const agent = new Agent({ keepAlive: true, maxSockets: 6 })
    const tiles = Array.from({ length: 20 }, (_, n) => `${50 * (n % 5)},${50 * Math.floor(n / 5)}`)
    const turn = async () => {
      // At the beginning of a second, so that none of them is asked for in the next.
      await wait(1_010 - (Date.now() % 1_000))
      const before = await asked('/edge')
      const turned = tiles.map((corner) =>
        rawStatus(edges[0], 'ann', `/iiif/A/1/${corner},50,50/50,50/0/default.jpg`, agent),
      )
      expect(new Set(await Promise.all(turned))).toEqual(new Set([200]))
      return (await asked('/edge')) - before
    }
    await turn()
    expect(await turn()).toBeLessThanOrEqual(6)
    agent.destroy()
  })

  it('send the headers that Carrel sends, for as long as this loan runs', async () => {
    const { site, edges } = await library()
    const [edge] = edges
    const cold = await edge.as('ann', TILE)
    const { headers } = await edge.as('ann', TILE)
    const own = await fetch(site.url + TILE, { headers: { 'X-Carrel-Proxy': EDGE_SECRET } })
    expect(own.status, 'the test itself is no proxy that Carrel trusts').toBe(401)
    expect(headers.get('etag')).toBe(cold.headers.get('etag'))
    expect(headers.get('vary')).toContain('REMOTE_USER')
    expect(headers.get('content-security-policy')).toBe(own.headers.get('content-security-policy'))
    for (const name of ['x-carrel-version', 'x-accel-expires', 'set-cookie']) {
      expect(headers.get(name), name).toBeNull()
    }
    expect([cold, { headers }].map((one) => one.headers.get('cache-control'))).toEqual(
      Array(2).fill('private, max-age=300'),
    )
    const etag = headers.get('etag') ?? ''
    const again = await edge.as('ann', TILE, { headers: { 'if-none-match': etag } })
    expect([again.status, again.headers.get('cache-control')]).toEqual([
      304,
      'private, max-age=300',
    ])
    site.clock.t += 2 * HOUR - 100 * SECOND
    await wait(1_050)
    const late = await edge.as('ann', TILE)
    expect([late.status, late.headers.get('cache-control')]).toEqual([200, 'private, max-age=99'])
    site.clock.t += 100 * SECOND
    expect(await secondsUntilRefused(edges, 'ann', TILE)).toBeLessThan(2)
  })

  it('never serve another item, another size, or anybody who has not borrowed it', async () => {
    const { edges } = await library()
    for (const path of [TILE, INFO, TILE.replace('/A/', '/B/')]) {
      await statuses(edges, 'ann', path)
      await statuses(edges, 'bob', path)
    }
    const refused: [string | undefined, string, number][] = [
      ['bob', TILE, 403],
      ['bob', INFO, 403],
      ['ann', TILE.replace('/A/', '/B/'), 403],
      [undefined, TILE, 401],
      ['', TILE, 401],
      ['ann', '/iiif/A/1/full/max/0/default.jpg', 403],
      ['ann', '/iiif/A/9/info.json', 404],
      ['ann', '/iiif/B/1/../../A/1/info.json', 400],
      ['ann', '/iiif/B%2f..%2fA/1/info.json', 400],
      ['ann', `//${TILE}`, 400],
      ['bob', '/iiif/B/../A/1/0,0,512,512/512,512/0/default.jpg', 400],
      ['bob', '/iiif/B/1/full/%2e%2e/%2e%2e/%2e%2e/A/1/info.json', 400],
      ['carla, ann', TILE, 400],
    ]
    for (const [name, path, status] of refused) {
      for (const edge of edges) {
        const answer = await rawStatus(edge, name, path)
        expect([answer, path], `${name}`).toEqual([status, path])
      }
    }
  })

  it('believe a name from the sign-in alone: with its secret, from its address', async () => {
    const { edges } = await library()
    const [edge] = edges
    const asking = (headers: Record<string, string>) =>
      fetch(edge.url + TILE, { headers }).then(({ status }) => status)
    expect(await asking({ 'X-Carrel-Name': 'ann', 'X-Carrel-Proxy': SSO_SECRET })).toBe(200)
    expect(await asking({ 'X-Carrel-Name': 'ann' })).toBe(403)
    expect(await asking({ 'X-Carrel-Name': 'ann', 'X-Carrel-Proxy': EDGE_SECRET })).toBe(403)
    for (const spelling of ['REMOTE_USER', 'Remote-User', 'X-Remote-User', 'X_Carrel_Name']) {
      expect(await asking({ [spelling]: 'ann', 'X-Carrel-Proxy': SSO_SECRET }), spelling).toBe(401)
    }
  })

  it('ask anew after a new manifest, and ask again for what Carrel refused', async () => {
    const { site, edges, asked } = await library()
    const [edge] = edges
    const read = async (path: string) => {
      const answer = await edge.as('ann', path)
      return Buffer.from(await answer.arrayBuffer()).toString('base64')
    }
    const pages = [await read(TILE), await read(TILE.replace('/A/1/', '/A/2/'))]
    expect(pages[0], 'two pages to tell apart').not.toBe(pages[1])
    const tooLarge = '/iiif/A/1/full/max/0/default.jpg'
    await edge.as('ann', tooLarge)
    const before = await asked('/iiif')
    expect((await edge.as('ann', tooLarge)).status).toBe(403)
    expect(await asked('/iiif'), 'a refusal is asked for again').toBe(before + 1)
    for (let n = 0; n < 2; n++) expect(await read(`${TILE}?n=1`)).toBe(pages[0])
    expect(await asked('/iiif'), 'odd spellings fill no disk').toBe(before + 3)
    await post(site, edge, 'ann', '/return/A')
    site.clock.t += HOUR
    const manifest = JSON.parse(manifestOf(site, 'A'))
    manifest.items.reverse()
    writeFileSync(manifestFile(site, 'A'), JSON.stringify(manifest))
    expect((await borrow(site, edge, 'ann', 'A')).status).toBe(303)
    await wait(1_050)
    expect([await read(TILE), await read(TILE.replace('/A/1/', '/A/2/'))]).toEqual(
      pages.toReversed(),
    )
  })

  it('slow down who copies: by their own count, and by pages through Carrel', async () => {
    const { edges } = await library('PAGES_PER_HOUR = 1', { 'burst=600': 'burst=8' })
    const [edge, other] = edges
    expect(await statuses(edges, 'ann', TILE)).toEqual([200, 200])
    const next = TILE.replace('/A/1/', '/A/2/')
    const refused = await other.as('ann', next)
    expect([refused.status, (await refused.json()).error]).toEqual([429, 'too-fast'])
    expect(await statuses(edges, 'ann', '/iiif/A/2/full/200,/0/default.jpg')).toEqual([200, 200])
    const all = await Promise.all(Array.from({ length: 30 }, () => edge.as('ann', TILE)))
    const slowed = all.filter(({ status }) => status === 429)
    expect(slowed.length).toBeGreaterThan(10)
    expect(slowed[0]?.headers.get('retry-after')).toBe('1')
    expect(await slowed[0]?.json()).toMatchObject({ error: 'too-fast' })
  })
})

/** fetch tidies paths up; this does not. */
async function rawStatus(
  edge: Edge,
  name: string | undefined,
  path: string,
  agent?: Agent,
): Promise<number> {
  const headers = {
    'X-Carrel-Proxy': SSO_SECRET,
    ...(name === undefined ? {} : { 'X-Carrel-Name': name }),
  }
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(edge.url)
    request({ hostname, port, path, headers, ...(agent && { agent }) }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
      .once('error', reject)
      .end()
  })
}
