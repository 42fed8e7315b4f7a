import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { startSite } from '../support/site.ts'

/** Sends bytes as they are, as no client library would, and reads the status. */
function raw(url: string, head: string): Promise<number> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () =>
      socket.write(`${head}\r\nHost: x\r\nConnection: close\r\n\r\n`, 'latin1'),
    )
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])))
    socket.on('error', reject)
  })
}

describe('the address of a request', () => {
  it.each([
    '/iiif/A/../B/1',
    '/iiif/A/%2e%2e/B',
    '/iiif/A/..%2fB/1',
    '/iiif/A//1',
    '/item/a%00',
    '/item/a%0d%0a',
    '/item/a%5cb',
    '/item/%ff',
    '/iiif/A/1/info.json#%zz',
    '/about#x',
    '/item/%',
    '/item/a%252fb',
    '//evil.example/',
  ])('is refused when it is %s', async (target) => {
    const { url } = await startSite()
    expect(await raw(url, `GET ${target} HTTP/1.1\r\nREMOTE_USER: ann`)).toBe(400)
  })

  it('may be in the absolute form, whose host is ignored', async () => {
    const { url } = await startSite()
    expect(await raw(url, 'GET http://evil.example/about HTTP/1.1')).toBe(200)
  })
})

describe('the sign-in header', () => {
  const status = async (headers: string, ini = '') => {
    const site = await startSite({ ini })
    await site.addItem('A', { convert: false })
    return raw(site.url, `GET /item/A HTTP/1.1\r\n${headers}`)
  }

  it.each([
    ['is believed from a trusted peer', 'REMOTE_USER: ann', 200],
    ['is needed', 'X: y', 401],
    ['names nobody when it is blank', 'REMOTE_USER:  ', 401],
    ['is refused twice', 'REMOTE_USER: ann\r\nREMOTE_USER: ann', 400],
    ['is refused with two names', 'REMOTE_USER: ann, bob', 400],
    ['is refused when it is not UTF-8', 'REMOTE_USER: \xff\xfe', 400],
    ['is refused when it is too long', `REMOTE_USER: ${'x'.repeat(255)}`, 400],
    ['has no look-alike: hyphen', 'REMOTE_USER: ann\r\nRemote-User: eve', 400],
    ['has no look-alike: x-', 'X-Remote-User: eve', 400],
    ['has no look-alike: X_', 'X_REMOTE_USER: eve', 400],
  ])('%s', async (_, headers, expected) => {
    expect(await status(headers)).toBe(expected)
  })

  it('is not believed from anybody else, while public pages stay open to them', async () => {
    const ini = 'TRUSTED_PROXIES = 192.0.2.1\n'
    expect(await status('REMOTE_USER: ann', ini)).toBe(403)
    expect(await status('X: y', ini)).toBe(401)
  })

  it('needs the secret where one is set, either of two while it is changed', async () => {
    const ini = `PROXY_SECRET = ${'a'.repeat(16)}, ${'b'.repeat(16)}\n`
    expect(await status('REMOTE_USER: ann', ini)).toBe(403)
    expect(await status(`REMOTE_USER: ann\r\nX-Carrel-Proxy: ${'c'.repeat(16)}`, ini)).toBe(403)
    expect(await status(`REMOTE_USER: ann\r\nX-Carrel-Proxy: ${'a'.repeat(16)}`, ini)).toBe(200)
    expect(await status(`REMOTE_USER: ann\r\nX-Carrel-Proxy: ${'b'.repeat(16)}`, ini)).toBe(200)
  })

  it('leads to one patron from every spelling of a name', async () => {
    const site = await startSite()
    const a = await site.addItem('A')
    await site.post('Ann@Example.org', '/loan', { barcode: a })
    expect((await site.as(' ann@example.ORG ', '/manifests/A')).status).toBe(200)
  })
})

describe('what changes something', () => {
  it('must come from a page of this site', async () => {
    const site = await startSite()
    await site.addItem('A')
    const send = async (headers: Record<string, string>) =>
      (
        await site.as('ann', '/loan', {
          method: 'POST',
          body: new URLSearchParams({ barcode: 'A' }),
          headers,
        })
      ).status
    expect(await send({})).toBe(403)
    expect(await send({ origin: 'null' })).toBe(403)
    expect(await send({ origin: 'https://evil.example' })).toBe(403)
    expect(await send({ origin: `${site.url}.evil.example` })).toBe(403)
    expect(await send({ 'sec-fetch-site': 'same-site' })).toBe(403)
    expect(await send({ origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' })).toBe(
      403,
    )
    expect(await send({ 'sec-fetch-site': 'same-origin' })).toBe(303)
    expect(await send({ origin: site.url })).toBe(303)
  })

  it('is never a GET', async () => {
    const site = await startSite()
    await site.addItem('A')
    for (const path of ['/loan', '/return/A', '/start-processing', '/update/add']) {
      const answer = await site.as('lee', path)
      expect([answer.status, answer.headers.get('allow')], path).toEqual([405, 'POST, OPTIONS'])
    }
    expect((await site.as('lee', '/loan', { method: 'OPTIONS' })).status).toBe(204)
  })

  it('must be an ordinary form, with each field once', async () => {
    const site = await startSite()
    const send = async (body: string, type = 'application/x-www-form-urlencoded') =>
      (
        await site.as('ann', '/loan', {
          method: 'POST',
          body,
          headers: { origin: site.url, 'content-type': type },
        })
      ).status
    expect(await send('{"barcode":"A"}', 'application/json')).toBe(415)
    expect(await send('barcode=A&barcode=B')).toBe(400)
    expect(await send('barcode=%zz')).toBe(400)
    expect(await send('barcode=%ff')).toBe(400)
    expect(await send('barcode=ä')).toBe(400)
    expect(await send(`barcode=${'x'.repeat(70_000)}`)).toBe(413)
    expect(await send('')).toBe(400)
  })
})

describe('every answer', () => {
  it('carries the security headers, and loads nothing from elsewhere', async () => {
    const site = await startSite()
    for (const path of ['/', '/nothing', '/item/A', '/static/carrel.css', '/iiif/A/1/info.json']) {
      const { headers } = await site.as(undefined, path)
      expect(headers.get('content-security-policy'), path).toMatch(
        /^default-src 'none'; script-src 'self';/,
      )
      expect(headers.get('x-content-type-options'), path).toBe('nosniff')
      expect(headers.get('cross-origin-resource-policy'), path).toBe('same-origin')
    }
  })

  it('hides what broke, and names the request in page and log', async () => {
    const site = await startSite()
    await site.addItem('A', { convert: false })
    site.db.$client.exec('pragma foreign_keys = off; drop table loans')
    const answer = await site.as('ann', '/item/A')
    const page = await answer.text()
    expect(answer.status).toBe(500)
    expect(page).not.toContain('loans')
    const line = site.log.find(({ msg }) => msg === 'request.fault')
    expect(page).toContain(String(line?.rid))
  })
})
