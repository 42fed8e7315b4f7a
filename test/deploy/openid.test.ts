import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, it, onTestFinished } from 'vitest'
import {
  borrowInBrowser,
  browserForFile,
  DESKTOP,
  lookAgain,
  pageDrawn,
} from '../support/browser.ts'
import { answer, faultUpstream } from '../support/fault-upstream.ts'
import { PROXY_SECRET, startApache } from '../support/front-server.ts'
import { httpsClient } from '../support/https.ts'
import { freePort, startSite } from '../support/site.ts'

const open = browserForFile()

/** Carrel, or what stands in for it, behind Apache with mod_auth_openidc, and an OpenID provider. */
async function signedInByOpenId(backend?: string) {
  const [port, providerPort] = [await freePort(), await freePort()]
  const url = `https://127.0.0.1:${port}`
  await startProvider(providerPort, url)
  const site = await startSite({
    baseUrl: url,
    ini: `PROXY_SECRET = ${PROXY_SECRET}\nLOGOUT_URL = /sso?logout=${encodeURIComponent(`${url}/`)}`,
  })
  const values = {
    CARREL_OIDC_METADATA: `http://127.0.0.1:${providerPort}/.well-known/openid-configuration`,
    CARREL_OIDC_SECRET: 'secret-of-the-client',
    CARREL_OIDC_PASSPHRASE: 'a passphrase that nobody needs to guess',
  }
  const front = await startApache('openid', { port, backend: backend ?? site.url, values })
  const page = await open({ ...site, url }, undefined, { ...DESKTOP, ignoreHTTPSErrors: true })
  return { site, front, page }
}

async function startProvider(port: number, baseUrl: string): Promise<void> {
  const file = join(import.meta.dirname, '../support/fakes/identity-provider.ts')
  const args = [file, String(port), baseUrl]
  const provider = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void provider.kill())
  const ended = once(provider, 'exit').then(([code]) => {
    throw new Error(`${file} ended with ${code}`)
  })
  await Promise.race([once(provider.stdout, 'data'), ended])
  ended.catch(() => {})
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { name: 'Single sign-on' }).waitFor()
  await page.getByLabel('Name').fill(name)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

it('1.7 with OpenID Connect a patron signs in, borrows, reads, returns and signs out, and no log names them', async () => {
  const { site, front, page } = await signedInByOpenId()
  await site.addItem('A')
  await page.goto('/item/A?q=canary-query-9b1c')
  await signIn(page, 'canary-7f3a')
  await page.waitForURL('**/item/A?q=canary-query-9b1c')
  await borrowInBrowser(page, 'A')
  expect(await pageDrawn(page)).not.toBe('')
  await page.getByRole('button', { name: 'Return' }).click()
  await page.locator('[data-ask] button[value=return]').click()
  await page.waitForURL('**/thankyou*')
  expect(await page.locator('main').innerText()).toContain('you can borrow it again')

  await page.getByRole('link', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL(`${front.url}/`)
  await page.goto('/item/A')
  await page.getByLabel('Name').waitFor()

  const ask = httpsClient(front.url)
  await ask('/sso?code=canary-code&state=canary-state')
  await ask('/sso?error=canary-error', { headers: { cookie: 'mod_auth_openidc_session=canary' } })
  await front.stop()
  expect(front.logs(), 'premise: this is the log').toMatch(/ GET \/item\/A 200 /)
  expect(front.logs()).not.toMatch(/canary|code=/)
})

it('4.3 a sign-in that ends inside the viewer is said there, and signing in again leads back', async () => {
  const { site, front, page } = await signedInByOpenId()
  await site.addItem('A')
  await page.goto('/item/A')
  await signIn(page, 'ann')
  await borrowInBrowser(page, 'A')
  await pageDrawn(page)
  const elsewhere: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(`${front.url}/`)) elsewhere.push(request.url())
  })
  // Both end their sessions, as after a night.
  await page.context().clearCookies()
  await lookAgain(page)
  await page.getByRole('heading', { name: 'You have been signed out' }).waitFor()
  expect(await page.locator('#uv canvas').count()).toBe(0)
  expect(elsewhere, 'no image or script is sent to the sign-in').toEqual([])
  await page.locator('[data-reload]').click()
  await signIn(page, 'ann')
  await page.waitForURL('**/view/A')
  expect(await pageDrawn(page)).not.toBe('')
})

it('with OpenID Connect only a person who opens a page is sent to sign in', async () => {
  const { site, front } = await signedInByOpenId()
  await site.addItem('A')
  const ask = httpsClient(front.url)
  const html = { accept: 'text/html,*/*;q=0.8' }
  const spoofed = { ...html, remote_user: 'lee', 'x-remote-user': 'lee', oidc_claim_sub: 'lee' }
  for (const path of ['/item/A', '/view/A', '/list', '/preview/A']) {
    const answer = await ask(path, { headers: spoofed })
    expect([answer.status, answer.headers.location], path).toEqual([
      302,
      expect.stringContaining('/auth?response_type=code'),
    ])
  }
  for (const path of [
    '/manifests/A',
    '/iiif/A/1/info.json',
    '/item-status/A',
    '/item/A',
    '/list',
  ]) {
    expect((await ask(path, { headers: { ...spoofed, accept: '*/*' } })).status, path).toBe(401)
  }
  for (const path of ['/loan', '/return/A']) {
    const headers = { ...spoofed, origin: front.url }
    expect((await ask(path, { method: 'POST', headers })).status, path).toBe(401)
  }
  for (const path of ['/', '/about', '/privacy', '/thankyou', '/static/carrel.css']) {
    const answer = await ask(path, { headers: spoofed })
    expect(answer.status, path).toBe(200)
    expect(answer.body.toString()).not.toContain('/list')
  }
})

it('with OpenID Connect Carrel is told the name, and nothing else that the provider told', async () => {
  const behind = await faultUpstream()
  behind.play((socket) => socket.write(answer('<title>x</title>', { type: 'text/html' })))
  onTestFinished(() => behind.close())
  const { page } = await signedInByOpenId(behind.origin)
  await page.goto('/item/A')
  await signIn(page, 'ann')
  await page.waitForURL('**/item/A')
  const head = behind.heads.find((one) => one.startsWith('GET /item/A ')) ?? ''
  expect(head).toMatch(/^remote_user: ann\r$/im)
  expect(head).toContain(PROXY_SECRET)
  expect(head).not.toMatch(/number-of|x\.example|oidc_|access_token|openidc_session/i)
})
