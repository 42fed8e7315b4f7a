import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { outgoing } from '../src/outgoing.ts'

const closing: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  closing.push(
    () => server.closeAllConnections(),
    () => server.close(),
  )
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
}

function way(...parts: Parameters<typeof outgoing>) {
  const { ask, close } = outgoing(...parts)
  closing.push(close)
  return ask
}

describe('what leaves the house', () => {
  it('goes to an address that the settings name, also on this machine, and comes back whole', async () => {
    const url = await serve((request, response) => {
      response.setHeader('Content-Type', 'Application/JSON; charset=utf-8')
      response.end(JSON.stringify(request.headers))
    })
    const reply = await way({ named: [url] })({ url, headers: { accept: 'x/y' } })
    expect(reply).toMatchObject({ kind: 'reply', status: 200, mime: 'application/json' })
    const sent = JSON.parse(reply.kind === 'reply' ? reply.bytes.toString() : '')
    expect(Object.keys(sent).sort()).toEqual(['accept', 'connection', 'host', 'user-agent'])
  })

  it.each([
    'http://127.0.0.1:PORT/',
    'https://127.0.0.1:PORT/',
    'https://[::ffff:127.0.0.1]:PORT/',
    'https://2130706433:PORT/',
    'https://0x7f.1:PORT/',
    'https://localhost:PORT/',
    'https://10.0.0.1/',
    'https://192.168.1.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[fd00::1]/',
    'https://[::1]:PORT/',
    'https://0.0.0.0:PORT/',
    'http://example.org/',
    'ftp://example.org/',
  ])('1.8 SSRF: never goes to %s, which no setting names', async (text) => {
    let asked = 0
    const url = await serve((_, response) => response.end(String(asked++)))
    const reply = await way({ named: [] })({ url: new URL(text.replace('PORT', url.port)) })
    expect(reply).toMatchObject({ kind: 'no-reply', why: 'forbidden' })
    expect(asked).toBe(0)
  })

  it('takes another port of a named host for another place', async () => {
    const url = await serve((_, response) => response.end())
    const other = new URL(url)
    other.port = '1'
    expect(await way({ named: [other] })({ url })).toMatchObject({ why: 'forbidden' })
  })

  it('1.8 SSRF: follows a redirect on the same host with the same headers, and none to another', async () => {
    const other = await serve((_, response) => response.end('elsewhere'))
    const url = await serve((request, response) => {
      if (request.url === '/away') response.writeHead(302, { location: other.href }).end()
      else if (request.url === '/round') response.writeHead(302, { location: '/round' }).end()
      else if (request.url === '/') response.writeHead(302, { location: '/there' }).end()
      else response.end(`${request.url} ${request.headers.authorization}`)
    })
    const ask = way({ named: [url, other] })
    const followed = await ask({ url, headers: { authorization: 'apikey K' } })
    expect(followed.kind === 'reply' && followed.bytes.toString()).toBe('/there apikey K')
    for (const path of ['away', 'round']) {
      expect(await ask({ url: new URL(path, url) })).toMatchObject({ why: 'redirect' })
    }
    expect(await ask({ url, method: 'POST', body: 'x' })).toMatchObject({ why: 'redirect' })
  })

  it('follows a redirect to another host that the question allows, and tells it nothing', async () => {
    const other = await serve((request, response) => response.end(JSON.stringify(request.headers)))
    const url = await serve((_, response) =>
      response.writeHead(302, { location: other.href }).end(),
    )
    const headers = { authorization: 'apikey K' }
    const allowed = { url, headers, mayLeadTo: (next: URL) => next.host === other.host }
    const reply = await way({ named: [url, other] })(allowed)
    const sent = JSON.parse(reply.kind === 'reply' ? reply.bytes.toString() : '')
    expect(Object.keys(sent).sort()).toEqual(['connection', 'host', 'user-agent'])
    expect(await way({ named: [url] })(allowed)).toMatchObject({ why: 'forbidden' })
  })

  it.each([
    ['an address of this machine', [{ address: '127.0.0.1', family: 4 }]],
    ['one written for IPv6', [{ address: '::ffff:127.0.0.1', family: 6 }]],
    ['a private one', [{ address: '192.168.1.1', family: 4 }]],
    ['no address', []],
    [
      'a public address and a private one',
      [
        { address: '1.1.1.1', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    ],
  ])('1.8 SSRF: never connects to a name that has %s', async (_, addresses) => {
    let connected = 0
    const url = await serve((_request, response) => response.end(String(connected++)))
    const asked: string[] = []
    const lookup: LookupFunction = (name, _options, callback) => {
      asked.push(name)
      callback(null, addresses)
    }
    const ask = way({ named: [], lookup, connectMs: 200 })
    const rebound = new URL(`https://rebound.example:${url.port}/`)
    expect(await ask({ url: rebound })).toMatchObject({ kind: 'no-reply', why: 'forbidden' })
    expect(asked).toEqual(['rebound.example'])
    expect(connected).toBe(0)
  })

  it('1.8 SSRF: looks at the address anew each time, so that a name cannot change it', async () => {
    const answers = ['not found', '127.0.0.1']
    const lookup: LookupFunction = (_name, _options, callback) => {
      const address = answers.shift() ?? ''
      const missing = Object.assign(new Error(address), { code: 'ENOTFOUND' })
      if (address === 'not found') callback(missing, [])
      else callback(null, [{ address, family: 4 }])
    }
    const ask = way({ named: [], lookup })
    const url = new URL('https://rebound.example/')
    expect(await ask({ url })).toMatchObject({ why: 'connection', code: 'ENOTFOUND' })
    expect(await ask({ url })).toMatchObject({ why: 'forbidden' })
    expect(answers).toEqual([])
  })

  it('1.8 SSRF: reads no more than it must and waits no longer', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/large') response.end(Buffer.alloc(100_000))
      else if (request.url === '/drip') response.write('x')
      else if (request.url === '/half') {
        response.writeHead(200, { 'content-length': 10 })
        response.write('half')
        setTimeout(() => response.destroy(), 20)
      }
    })
    const ask = way({ named: [url], mostBytes: 50_000, wholeMs: 200 })
    const why = async (path: string) => ask({ url: new URL(path, url) })
    expect(await why('large')).toMatchObject({ why: 'too-large' })
    expect(await why('drip')).toMatchObject({ why: 'timeout' })
    expect(await why('silent')).toMatchObject({ why: 'timeout' })
    expect(await why('half')).toMatchObject({ why: 'connection' })
  })

  it('says when nobody is there', async () => {
    const url = new URL('http://127.0.0.1:1/secret?key=K')
    const reply = await way({ named: [url] })({ url })
    expect(reply).toEqual({
      kind: 'no-reply',
      why: 'connection',
      host: '127.0.0.1:1',
      code: 'ECONNREFUSED',
    })
  })
})
