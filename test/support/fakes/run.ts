import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** What was asked of a fake, as it came over the wire. */
export interface Asked {
  readonly method: string
  /** Path and query, undecoded. */
  readonly target: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface FakeAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Buffer
}

/** Faults that any service on the web may have; a fake adds those of its protocol. */
const FAULTS: Readonly<Record<string, (request: IncomingMessage, answer: ServerResponse) => void>> =
  {
    html: (_, answer) =>
      answer.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Please sign in</h1>'),
    redirect: (_, answer) =>
      answer.writeHead(302, { location: 'https://sso.example.edu/login' }).end(),
    'not-json': (_, answer) =>
      answer.writeHead(200, { 'content-type': 'application/json' }).end('{"items":['),
    '20-mb': (_, answer) => answer.writeHead(200).end(Buffer.alloc(20 * 1024 * 1024, 0x20)),
    half: (_, answer) => {
      answer.writeHead(200, { 'content-length': '1000' }).write('{')
      setTimeout(() => answer.destroy(), 20)
    },
    hang: () => {},
    close: (request) => request.socket.destroy(),
    401: (_, answer) => answer.writeHead(401).end('Invalid token'),
    403: (_, answer) => answer.writeHead(403).end('Access requires permission: x'),
    429: (_, answer) => answer.writeHead(429, { 'retry-after': '17' }).end('slow down'),
    500: (_, answer) => answer.writeHead(500).end('at /opt/secret/path line 1'),
    503: (_, answer) => answer.writeHead(503).end('maintenance'),
  }

/**
 * A fake service as a process of its own: listens on a free port of loopback and prints it.
 * `PUT /_fault?name=NAME&after=N&times=M` makes the N+1st request from now, and M in all, meet that
 * fault; `GET /_asked` tells what was asked so far.
 *
 * @param answer speaks the protocol; undefined is 404
 * @param state is told of a fault that is none of the common ones
 */
export function runFake(
  answer: (asked: Asked, url: URL) => FakeAnswer | undefined,
  state: (name: string) => void = () => {},
): void {
  const asked: Asked[] = []
  let fault = { name: '', after: 0, times: 0 }

  const server = createServer(async (request, response) => {
    const target = request.url ?? '/'
    const url = new URL(target, 'http://fake.invalid')
    if (url.pathname === '/_asked') return void response.end(JSON.stringify(asked))
    if (url.pathname === '/_fault') {
      const { name = '', after = '0', times = 'Infinity' } = Object.fromEntries(url.searchParams)
      fault = { name, after: Number(after), times: Number(times) }
      if (!(name in FAULTS)) state(name)
      return void response.end()
    }
    const one: Asked = {
      method: request.method ?? '',
      target,
      headers: request.headers,
      body: await text(request),
    }
    asked.push(one)
    const broken = FAULTS[fault.name]
    if (broken !== undefined && fault.after-- <= 0 && fault.times-- > 0) {
      return broken(request, response)
    }
    const { status = 200, headers = {}, body = '' } = answer(one, url) ?? { status: 404 }
    response.writeHead(status, headers).end(body)
  })
  server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
}
