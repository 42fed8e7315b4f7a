import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { PROXY_SECRET, startNginx, testApache } from '../support/front-server.ts'
import { httpsClient } from '../support/https.ts'
import { freePort, startSite } from '../support/site.ts'

const behind = { port: 1, backend: 'http://127.0.0.1:2' }

it('Apache understands every line for Shibboleth; no more of it was tried', () => {
  expect(testApache('shibboleth', behind)).toMatch(/^Syntax OK$/m)
})

/** Answers as oauth2-proxy's manual says it does; the cookie is the name. @returns its host */
async function standInForOauth2Proxy(): Promise<string> {
  const server = createServer(({ url, headers }, response) => {
    const [, name] = /^signed-in=(\w+)$/.exec(headers.cookie ?? '') ?? []
    if (url !== '/oauth2/auth') return void response.end('the sign-in')
    if (name === undefined) return void response.writeHead(401).end()
    response.writeHead(202, { 'X-Auth-Request-Preferred-Username': name }).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

it('nginx with a stand-in for oauth2-proxy lets in whom it names, and sends only pages to sign in', async () => {
  const port = await freePort()
  const baseUrl = `https://127.0.0.1:${port}`
  const site = await startSite({ baseUrl, ini: `PROXY_SECRET = ${PROXY_SECRET}` })
  await site.addItem('A')
  const values = { '127.0.0.1:4180': await standInForOauth2Proxy() }
  const front = await startNginx('openid', { port, backend: site.url, values })
  const ask = httpsClient(front.url)
  const html = { accept: 'text/html,*/*', 'x-auth-request-preferred-username': 'lee' }
  const stranger = await ask('/item/A', { headers: html })
  expect([stranger.status, stranger.headers.location]).toEqual([
    302,
    `${front.url}/oauth2/start?rd=/item/A`,
  ])
  expect((await ask('/oauth2/start?rd=/item/A')).body.toString()).toBe('the sign-in')
  for (const path of ['/manifests/A', '/iiif/A/1/info.json', '/item-status/A']) {
    expect((await ask(path)).status, path).toBe(401)
  }
  for (const path of ['/', '/about', '/static/carrel.css']) {
    expect((await ask(path, { headers: html })).status, path).toBe(200)
  }
  const ann = { cookie: 'signed-in=ann', 'remote-user': 'lee', origin: front.url }
  const form = { ...ann, 'content-type': 'application/x-www-form-urlencoded' }
  const loan = await ask('/loan', { method: 'POST', headers: form, body: 'barcode=A' })
  expect(loan.status).toBe(303)
  expect((await ask('/iiif/A/1/info.json', { headers: ann })).status).toBe(200)
  expect((await ask('/list', { headers: ann })).status, 'ann is not on the staff').toBe(403)
  expect((await ask('/list', { headers: { cookie: 'signed-in=lee' } })).status).toBe(200)
})
