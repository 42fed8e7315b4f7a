import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { createServer } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answer, faultUpstream } from '../support/fault-upstream.ts'
import type { FrontServer } from '../support/front-process.ts'
import { FRONTS, PROXY_SECRET } from '../support/front-server.ts'
import { type Asking, basic, httpsClient, rawHttps } from '../support/https.ts'
import { freePort, startSite } from '../support/site.ts'

const ANN = 'ann:correct horse'
const BOB = 'bob:battery staple'
const PEOPLE = { ann: 'correct horse', bob: 'battery staple' }

/** Every header that Carrel would take for the sign-in name, or refuse as a look-alike. */
const SPELLINGS = ['', 'x-', 'x_'].flatMap((x) => [`${x}remote-user`, `${x}remote_user`])

const fronts = Object.entries(FRONTS)

/** A front server, and behind it what writes down every request head that reaches it. */
async function withRecorder(start: (typeof FRONTS)['nginx']) {
  const behind = await faultUpstream()
  behind.play((socket) => socket.write(answer('here', { type: 'text/plain' })))
  onTestFinished(() => behind.close())
  const port = await freePort()
  const front = await start('basic', { port, backend: behind.origin, people: PEOPLE })
  return { front, behind, ask: httpsClient(front.url) }
}

async function withCarrel(start: (typeof FRONTS)['nginx'], people: Record<string, string>) {
  const port = await freePort()
  const baseUrl = `https://127.0.0.1:${port}`
  const site = await startSite({ baseUrl, ini: `PROXY_SECRET = ${PROXY_SECRET}` })
  const front = await start('basic', { port, backend: site.url, people })
  return { front, site, ask: httpsClient(front.url) }
}

const form = (as: string, front: FrontServer, body: string): Asking => ({
  method: 'POST',
  as,
  body,
  headers: { origin: front.url, 'content-type': 'application/x-www-form-urlencoded' },
})

describe.each(fronts)('behind %s with Basic', (_, start) => {
  it('1.2 front servers: an address reaches Carrel letter by letter', async () => {
    const { ask, behind } = await withRecorder(start)
    const targets = [
      '/iiif/A/B%2Fp1',
      '/iiif/A/B%252Fp1',
      '/iiif/A/B!p1',
      '/iiif/A/%20/%C3%AB',
      '/iiif/A/..%2fB',
      '/iiif/A//p1',
      '/iiif/A/%5c/a;b?t=%2f&u=1',
    ]
    for (const target of targets) await ask(target, { as: ANN })
    expect(behind.targets).toEqual(targets)
  })

  it('1.2 front servers: odd addresses reach it as they were sent or not at all', async () => {
    const { front, behind } = await withRecorder(start)
    const targets = [
      '/static/../item/A',
      '/static/%2e%2e/item/A',
      '/static/..%2fitem/A',
      '/static/..%5citem/A',
      '/iiif/A/../B/1/info.json',
      '/iiif/A/.%2e/B/1/info.json',
      '//item/A',
      '/item/A%00',
      '/item/A%0d%0aREMOTE_USER:%20bob',
      '/item/%zz',
      '/item/A#x',
      'http://evil.example/item/A',
      '*',
    ]
    for (const target of targets) {
      const seen = behind.targets.length
      await rawHttps(
        front.url,
        `GET ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic(ANN)}\r\nConnection: close\r\n\r\n`,
      )
      const [reached = target, ...more] = behind.targets.slice(seen)
      // Apache joins leading slashes. Of the absolute form the host may be left away.
      const alike = [target, `/${target}`, target.replace(/^http:..[^/]*|^\/(?=\/)/, '')]
      expect(alike).toContain(reached)
      expect(more).toEqual([])
    }
    expect(behind.targets.length, 'some do reach it').toBeGreaterThan(3)
  })

  it('1.3 look-alikes: the name is what the password proves, whatever the browser sends', async () => {
    const { ask, behind } = await withRecorder(start)
    const sent = Object.fromEntries(SPELLINGS.map((name) => [name, 'bob']))
    const headers = { ...sent, 'x-carrel-proxy': 'guessed' }
    const secret = `x-carrel-proxy: ${PROXY_SECRET}`
    const arrived = () => {
      const lines = behind.heads.pop()?.split('\r\n') ?? []
      const telling = /remote.user|x-carrel|authorization|\bbob\b/
      return lines
        .map((line) => line.toLowerCase())
        .filter((line) => telling.test(line))
        .sort()
    }
    expect((await ask('/item/A', { as: ANN, headers })).status).toBe(200)
    expect(arrived()).toEqual(['remote_user: ann', secret])
    for (const as of ['bob:no password', 'nobody:x', undefined]) {
      const asking = { headers, ...(as !== undefined && { as }) }
      expect((await ask('/item/A', asking)).status).toBe(401)
      expect(arrived()).toEqual([])
      // What is for anybody checks no password, so there nobody has a name.
      for (const path of ['/', '/about', '/static/carrel.css']) {
        expect((await ask(path, asking)).status).toBe(200)
        expect(arrived().filter((line) => line !== 'remote_user: ')).toEqual([secret])
      }
    }
  })

  it('a patron borrows, reads and returns; nobody else reads', async () => {
    const { ask, front, site } = await withCarrel(start, PEOPLE)
    await site.addItem('A')
    for (const path of ['/', '/info', '/about', '/privacy', '/logout', '/static/carrel.css']) {
      expect((await ask(path)).status, path).toBe(200)
    }
    expect((await ask('/healthz')).status).toBe(204)
    for (const path of ['/item/A', '/view/A', '/manifests/A', '/list', '/metrics']) {
      expect((await ask(path)).status, path).toBe(401)
    }
    expect((await ask('/loan', form(ANN, front, 'barcode=A'))).status).toBe(303)
    const tile = '/iiif/A/1/0,0,512,512/512,512/0/default.jpg'
    const drawn = await ask(tile, { as: ANN })
    expect([drawn.status, drawn.headers['content-type']]).toEqual([200, 'image/jpeg'])
    expect(drawn.headers.vary).toContain('REMOTE_USER')
    const manifest = await ask('/manifests/A', { as: ANN })
    expect(JSON.parse(manifest.body.toString()).id).toBe(`${front.url}/manifests/A`)
    for (const name of SPELLINGS) {
      const answer = await ask(tile, { as: BOB, headers: { [name]: 'ann' } })
      expect(answer.status, name).toBe(403)
    }
    const posted = await ask('/return/A', form(ANN, front, ''))
    expect([posted.status, posted.headers.location]).toEqual([303, '/thankyou?barcode=A'])
    expect((await ask(tile, { as: ANN })).status).toBe(403)
  })

  it('lets Carrel itself say what is too large', async () => {
    const { ask, front } = await withCarrel(start, PEOPLE)
    const answer = await ask('/loan', form(ANN, front, `barcode=${'x'.repeat(2_000_000)}`))
    expect(answer.status).toBe(413)
    expect(answer.body.toString()).toContain('/static/carrel.css')
  })

  it('1.7 no log of the front server names a patron, an address or a query', async () => {
    const canary = 'canary-7f3a@example.org'
    const { ask, front, site } = await withCarrel(start, { [canary]: 'sesame' })
    await site.addItem('A')
    const query = 'q=canary-query-9b1c'
    const name = `${canary}:sesame`
    const headers = { referer: `${front.url}/list?${query}`, 'x-remote-user': canary }
    await ask(`/item/A?${query}`, { as: name, headers })
    await ask(`/?${query}`, { as: name, headers })
    await ask(`/item/A?${query}`, { as: `${canary}:wrong`, headers })
    await ask(`/item/A?${query}`, { as: `x${canary}:wrong`, headers })
    const signedIn = `Authorization: ${basic(name)}`
    for (const line of [
      `GET /item/%zz?${query} HTTP/1.1\r\nHost: x`,
      `GET /../item?${query} HTTP/1.1\r\nHost: x`,
      `GET /item/A?${query} HTTP/1.1\r\nHost: x y`,
      `GET /item/A?${query} HTTP/9.9\r\nHost: x`,
      `GET /item/A?${query}&${'x'.repeat(40_000)} HTTP/1.1\r\nHost: x`,
      `GET /item/A?${query} HTTP/1.1\r\nHost: x\r\nX-Long: ${canary.repeat(4_000)}`,
      `GET /item/A?${query} HTTP/1.1\r\nHost: x\r\nno header: ${canary}`,
      `POST /loan?${query} HTTP/1.1\r\nHost: x\r\n${signedIn}\r\nTransfer-Encoding: chunked\r\n\r\nno`,
      `GET /item/A?${query} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${canary}`,
      `GET /item/A?${query} HTTP/1.1\r\nHost: x\r\nAuthorization: Digest username="${canary}"`,
    ]) {
      await rawHttps(front.url, `${line}\r\nReferer: ${canary}\r\nConnection: close\r\n\r\n`)
    }
    const cutOff = `POST /loan?${query} HTTP/1.1\r\nHost: x\r\n${signedIn}\r\nContent-Length: 9\r\n\r\nb`
    await rawHttps(front.url, cutOff, { andLeave: true })
    await site.stop()
    expect((await ask(`/item/A?${query}`, { as: name, headers })).status).toBeOneOf([502, 503])
    chmodSync(`${front.folder}/carrel/passwords`, 0o000)
    expect((await ask(`/item/A?${query}`, { as: name, headers })).status).toBeGreaterThan(400)
    await front.stop()
    const logs = front.logs()
    expect(logs, 'premise: this is the log').toMatch(/ GET \/item\/A 200 /)
    expect(logs).not.toMatch(/canary/)
    const ofPages = logs.split('\n').filter((line) => line.includes('/item/'))
    expect(ofPages.join('\n')).not.toContain('127.0.0.1')
  })

  it('is back as soon as Carrel is back, and keeps its connections to it', async () => {
    const backendPort = await freePort()
    const port = await freePort()
    const backend = `http://127.0.0.1:${backendPort}`
    const { url } = await start('basic', { port, backend })
    const ask = httpsClient(url)
    for (let n = 0; n < 5; n++) expect((await ask('/healthz')).status).toBeOneOf([502, 503])
    const server = createServer((_, response) => response.writeHead(204).end())
    let connections = 0
    server.on('connection', () => connections++)
    await once(server.listen(backendPort, '127.0.0.1'), 'listening')
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    for (let n = 0; n < 40; n++) expect((await ask('/healthz')).status).toBe(204)
    // Each process of the front server has connections of its own.
    expect(connections).toBeLessThanOrEqual(10)
  })
})
