/** What a page of another site can do to somebody who is signed in here: nothing. */
import { describe, expect, it } from 'vitest'
import { HOUR } from '../../src/clock.ts'
import type { Db } from '../../src/db/open.ts'
import { addressesOf } from '../support/routes.ts'
import { type Site, startSite } from '../support/site.ts'

const TILE = '/iiif/A/1/0,0,400,400/400,400/0/default.jpg'

/** All that the tables hold, but for the record of what staff did and looked at. */
function dump({ $client }: Db): unknown {
  const tables = $client
    .prepare(
      "select name from sqlite_master where type = 'table' and name not in ('audit', 'sqlite_sequence')",
    )
    .pluck()
    .all() as string[]
  expect(tables).toContain('loans')
  return tables.map((name) => [name, $client.prepare(`select * from "${name}"`).all()])
}

async function lending(): Promise<Site> {
  const site = await startSite()
  await site.addItem('A')
  expect((await site.post('ann', '/loan', { barcode: 'A' })).status).toBe(303)
  return site
}

describe('a request that changes something', () => {
  it('1.4 unsafe methods: from a page of this site alone, on every route', async () => {
    const site = await lending()
    const { url } = site
    const foreign: Record<string, string>[] = [
      {},
      { origin: 'null' },
      { origin: 'https://evil.example' },
      { origin: `${url}.evil.example` },
      { origin: url.replace('http:', 'https:') },
      { origin: url.replace(/:\d+$/, '') },
      { origin: `${url}/` },
      { origin: '' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'none' },
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
      { origin: 'https://evil.example', 'content-type': 'application/json' },
      { referer: `${url}/list` },
    ]
    const own: Record<string, string>[] = [
      { origin: url },
      { origin: url, 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'same-origin' },
    ]
    const posts = [...addressesOf(site)].filter(([, methods]) => methods.includes('POST'))
    expect(posts.length).toBeGreaterThan(12)
    const before = dump(site.db)
    for (const [address] of posts) {
      const refused = async (headers: Record<string, string>) => {
        const answer = await site.as('lee', address, { method: 'POST', headers })
        const isRefused = (await answer.text()).includes('did not come from a page of this site')
        expect(isRefused && answer.status !== 403).toBe(false)
        return isRefused
      }
      for (const headers of foreign) {
        expect(await refused(headers), `${address} ${JSON.stringify(headers)}`).toBe(true)
      }
      for (const headers of own) {
        expect(await refused(headers), `${address} ${JSON.stringify(headers)}`).toBe(false)
      }
    }
    expect(dump(site.db), 'these forms were all empty').toEqual(before)
  })

  it('1.1 D8: a foreign page cannot end a loan', async () => {
    const site = await lending()
    const headers = { origin: 'https://evil.example' }
    const answer = await site.as('ann', '/return/A', { method: 'POST', headers })
    expect(answer.status).toBe(403)
    expect((await site.as('ann', '/manifests/A')).status).toBe(200)
  })

  it('1.4 GET and HEAD: change no row, twice, on every route, before and after the loan is due', async () => {
    const site = await lending()
    const gets = [...addressesOf(site)].filter(([, methods]) => methods.includes('GET'))
    expect(gets.length).toBeGreaterThan(25)
    for (const later of [0, 3 * HOUR]) {
      site.clock.t += later
      const before = dump(site.db)
      for (const [address] of [...gets, [TILE]]) {
        for (const who of ['ann', 'lee', undefined]) {
          for (const method of ['GET', 'GET', 'HEAD']) {
            const answer = await site.as(who, address!, { method })
            expect(answer.status, `${method} ${address}`).toBeLessThan(500)
            await answer.arrayBuffer()
          }
        }
      }
      expect(dump(site.db)).toEqual(before)
    }
  })
})

describe('an answer', () => {
  it('1.4 headers: cannot be framed, embedded or read by another site', async () => {
    const site = await lending()
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    for (const path of ['/', '/view/A', '/manifests/A', '/iiif/A/1/info.json', TILE, '/nothing']) {
      const answer = await site.as('ann', path, { headers })
      const get = (name: string) => answer.headers.get(name)
      expect(get('x-frame-options'), path).toBe('DENY')
      expect(get('cross-origin-resource-policy'), path).toBe('same-origin')
      expect(get('cross-origin-opener-policy'), path).toBe('same-origin')
      expect(get('referrer-policy'), path).toBe('same-origin')
      expect(get('x-content-type-options'), path).toBe('nosniff')
      const policy = get('content-security-policy') ?? ''
      expect(policy, path).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'/)
      expect(policy, path).toMatch(/base-uri 'none'; form-action 'self'; frame-ancestors 'none'$/)
      expect(policy, path).not.toMatch(/unsafe|\*|https?:/)
      const shared = [...answer.headers.keys()].filter((name) => name.startsWith('access-control'))
      expect(shared, path).toEqual([])
    }
  })

  it('1.4 pages: no inline script, style or handler', async () => {
    const site = await lending()
    for (const [address, methods] of addressesOf(site)) {
      if (!methods.includes('GET')) continue
      const answer = await site.as('lee', address)
      if (!answer.headers.get('content-type')?.startsWith('text/html')) continue
      const page = await answer.text()
      expect(page, address).not.toMatch(
        /<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|="javascript:/i,
      )
      expect(page, address).not.toMatch(/(?:src|href)="(?:https?:)?\/\/(?!127\.0\.0\.1)/)
    }
  })
})
