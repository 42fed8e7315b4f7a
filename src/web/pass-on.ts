import { Readable } from 'node:stream'
import { Pool } from 'undici'
import type { WebContext } from './context.ts'
import type { Handler } from './routes.ts'
import { originForm } from './target.ts'

/** What is said of one connection only (RFC 9110 section 7.6.1), and what is answered already. */
const OF_ONE_CONNECTION = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'expect',
]
/** These have no content (RFC 9110 section 6.4.1). */
const WITHOUT_BODY = [204, 205, 304]

/**
 * Passes a request on to the main process and its answer back, both while they come. The guard has
 * seen the request: what it says of the sender is believed there.
 *
 * @param door the Unix socket of the main process, which no other account can reach
 */
export function passOnTo(door: string): { readonly passOn: Handler; close(): Promise<void> } {
  const pool = new Pool('http://main', { socketPath: door })

  async function passOn(c: WebContext): Promise<Response> {
    c.set('isPassedOn', true)
    const { incoming } = c.env
    const { method } = c.req
    const isRead = method === 'GET' || method === 'HEAD'
    const { statusCode, headers, body } = await pool.request({
      method: method as 'GET',
      path: originForm(incoming.url ?? ''),
      headers: passed(incoming.rawHeaders),
      body: isRead ? null : incoming,
      responseHeaders: 'raw',
      signal: c.req.raw.signal,
    })
    const answered = new Headers()
    const raw = passed(headers as unknown as string[])
    for (let i = 0; i < raw.length; i += 2) answered.append(raw[i] ?? '', raw[i + 1] ?? '')
    const hasBody = method !== 'HEAD' && !WITHOUT_BODY.includes(statusCode)
    if (!hasBody) await body.dump()
    const content = hasBody ? (Readable.toWeb(body) as ReadableStream) : null
    return new Response(content, { status: statusCode, headers: answered })
  }

  return { passOn, close: () => pool.destroy() }
}

/** @param raw names and values in turn */
function passed(raw: readonly string[]): string[] {
  const left: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const [name = '', value = ''] = [raw[i], raw[i + 1]]
    if (!OF_ONE_CONNECTION.includes(name.toLowerCase())) left.push(name, value)
  }
  return left
}
