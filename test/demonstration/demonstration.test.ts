import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sendRaw } from '../support/raw.ts'
import { freePort } from '../support/site.ts'

const SERVER = join(import.meta.dirname, '../../src/server.ts')

/** The demonstration as `npm start` runs it, in a folder without settings. */
async function start(cwd: string): Promise<{ child: ChildProcess; url: string; ms: number }> {
  const port = await freePort()
  const started = performance.now()
  const child = spawn(process.execPath, [SERVER], {
    cwd,
    env: { PATH: process.env.PATH, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const chunk of child.stdout!) {
    const url = /Carrel's demonstration: (\S+)/.exec(String(chunk))?.[1]
    if (url !== undefined) return { child, url, ms: performance.now() - started }
  }
  throw new Error('the demonstration did not start')
}

async function stop(child: ChildProcess): Promise<number> {
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  return (await exit)[0]
}

describe('the demonstration', () => {
  let folder: string
  let running: Awaited<ReturnType<typeof start>>

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'carrel-demonstration-'))
    running = await start(folder)
  }, 120_000)

  afterAll(async () => {
    await stop(running.child)
    rmSync(folder, { recursive: true, force: true })
  })

  const as = (name: string, path: string, headers: Record<string, string> = {}) =>
    fetch(running.url + path, {
      headers: { cookie: `carrel-demonstration=${name}`, ...headers },
      redirect: 'manual',
    })
  const explanation = async (item: string, who = 'ann') => {
    const { explanation: words } = (await (await as(who, `/item-status/${item}`)).json()) as {
      explanation: string
    }
    return words
  }

  it('listens on loopback only and has one item to borrow, one all out, one not ready', async () => {
    expect(running.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(await explanation('carrel-guide')).toBe('This item is available for loan.')
    expect(await explanation('carrel-all-out')).toMatch(/^All copies are on loan/)
    expect(await explanation('carrel-not-ready')).toBe(
      'This item is not available for loan at the moment.',
    )
    expect((await as('ann', '/thumbnails/carrel-guide.jpg')).headers.get('content-type')).toBe(
      'image/jpeg',
    )
    expect(await (await as('ann', '/')).text()).toContain('Demonstration')
  })

  it('lends the book, at least 24 pages of about 2000 by 3000 pixels', async () => {
    const body = new URLSearchParams({ barcode: 'carrel-guide' })
    const headers = { cookie: 'carrel-demonstration=ann', origin: running.url }
    const lent = await fetch(`${running.url}/loan`, {
      method: 'POST',
      body,
      headers,
      redirect: 'manual',
    })
    expect(lent.status).toBe(303)
    const manifest = (await (await as('ann', '/manifests/carrel-guide')).json()) as {
      items: { width: number; height: number }[]
    }
    expect(manifest.items.length).toBeGreaterThanOrEqual(24)
    for (const { width, height } of manifest.items) expect([width, height]).toEqual([2000, 3000])
  })

  it('4.2 Host: the demonstration knows loopback names only, one at a time, and no proxy', async () => {
    const status = async (...headers: string[]) => {
      const lines = ['GET /about HTTP/1.1', 'Connection: close', ...headers]
      return (await sendRaw(running.url, `${lines.join('\r\n')}\r\n\r\n`)).status
    }
    expect(await status('Host: localhost')).toBe(200)
    expect(await status('Host: localhost', 'Host: evil.example')).toBe(400)
    expect(await status('Host: localhost', 'Host: localhost')).toBe(400)
    expect(await status('Host: evil.example')).toBe(403)
    expect(await status('Host: localhost.evil.example')).toBe(403)
    expect(await status('Host: localhost', 'X-Forwarded-For: 192.0.2.1')).toBe(403)
    expect(await status('Host: localhost', 'Via: 1.1 front')).toBe(403)
  })

  it('asks strangers which of the sample people they are', async () => {
    const answer = await fetch(`${running.url}/item/carrel-guide`)
    expect(answer.status).toBe(401)
    expect(await answer.text()).toContain('name="to" value="/item/carrel-guide"')
    expect((await as('root', '/item/carrel-guide')).status).toBe(401)
    expect((await as('ann', '/list')).status).toBe(403)
    expect((await as('lib', '/list')).status).toBe(200)
    expect((await as('lib', '/preview/manifests/carrel-guide')).status).toBe(200)
    expect((await as('ann', '/preview/manifests/carrel-guide')).status).toBe(403)
  })

  it.each([
    ['X-Forwarded-For', '192.0.2.1'],
    ['Forwarded', 'for=192.0.2.1'],
    ['Via', '1.1 proxy'],
  ])('answers nobody who comes through a proxy: %s', async (name, value) => {
    expect((await as('ann', '/', { [name]: value })).status).toBe(403)
  })

  it('believes no sign-in header', async () => {
    expect(
      (await fetch(`${running.url}/item/carrel-guide`, { headers: { REMOTE_USER: 'lib' } })).status,
    ).toBe(401)
  })

  it('is ready at once the second time, with nothing overwritten and the loans renewed', async () => {
    const data = join(folder, 'data/demonstration')
    const listing = () =>
      readdirSync(data, { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(tif|jpg|json)$/.test(name) && !name.includes('kept'))
        .sort()
    const before = listing()
    expect(await stop(running.child)).toBe(0)
    running = await start(folder)
    expect(running.ms, 'milliseconds').toBeLessThan(5_000)
    expect(listing()).toEqual(before)
    expect(await explanation('carrel-all-out', 'bob')).toMatch(/^All copies are on loan/)
    expect(await explanation('carrel-guide'), "ann's loan goes on").toMatch(
      /^You have this item on loan/,
    )
    expect(existsSync(join(data, 'scans/carrel-guide/carrel-guide_001.jpg'))).toBe(true)
  })
})
