import { lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Agent, type Dispatcher, request } from 'undici'

/** One request that leaves the house, other than for images of the image server. */
export interface Question {
  readonly url: URL
  readonly method?: 'GET' | 'POST'
  /** Never anything of a patron's request: only what the service asks of us. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Whether a redirect may lead there too, without our headers. The same host always may. */
  readonly mayLeadTo?: (url: URL) => boolean
}

/** Why there is no answer that can be used. */
export type NoReplyWhy =
  /** No whole answer within the time. */
  | 'timeout'
  /** Nobody there, or the connection broke. */
  | 'connection'
  /** Its certificate is not valid or not trusted. */
  | 'certificate'
  /** It sends us elsewhere: a sign-in page, another host. */
  | 'redirect'
  /** More bytes than any answer of this kind has. */
  | 'too-large'
  /** Plain http, or an address inside the house, that no setting names. */
  | 'forbidden'

export type Reply =
  | {
      readonly kind: 'reply'
      readonly status: number
      readonly headers: Readonly<Record<string, string | string[] | undefined>>
      /** The media type in lower case, without parameters; '' when it is not told. */
      readonly mime: string
      readonly bytes: Buffer
    }
  /** `code` and `host` are for the log: no path and no query, which may hold a key. */
  | {
      readonly kind: 'no-reply'
      readonly why: NoReplyWhy
      readonly host: string
      readonly code?: string
    }

/** Asks and never throws: what goes wrong out there is a value. */
export type Ask = (question: Question) => Promise<Reply>

export interface OutgoingOptions {
  /** Addresses that the settings name. Only their hosts may be loopback, private or plain http. */
  readonly named: readonly URL[]
  readonly connectMs?: number
  /** From the question to the last byte of the answer, redirects included. */
  readonly wholeMs?: number
  readonly mostBytes?: number
  /** Who is asked for the addresses of a name, instead of the system. */
  readonly lookup?: LookupFunction
}

const USUAL = { connectMs: 3_000, wholeMs: 10_000, mostBytes: 2 * 1024 * 1024 }
const MOST_REDIRECTS = 3

/** What goes wrong with certificates: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE = /CERT|ISSUER|SELF_SIGNED|ERR_TLS|UNABLE_TO_VERIFY|SSL/
const TIMED_OUT = /TIMEOUT|ETIMEDOUT|ABORT/

/**
 * Everything that Carrel asks of other services goes through here: https, bounded in time and
 * bytes, redirects on the same host only, and never to an address inside the house that the
 * settings do not name. The name is resolved once, and the connection goes to the address that was
 * checked: a name that changes its address in between (DNS rebinding) gains nothing.
 *
 * @returns `ask`, and `close`, which ends the connections
 */
export function outgoing(options: OutgoingOptions): { ask: Ask; close(): Promise<void> } {
  const set = { ...USUAL, ...options }
  const homes = set.named.map(({ host }) => host)
  const isNamed = (url: URL) => homes.includes(url.host)
  const connect = { timeout: set.connectMs }
  const inside = new Agent({ connect })
  const outside = new Agent({
    connect: { ...connect, lookup: publicOnly(options.lookup ?? lookup) },
  })

  async function once(question: Question, signal: AbortSignal): Promise<Reply | Question> {
    const { url, method = 'GET', headers = {}, body } = question
    if (!isNamed(url) && !mayLeave(url)) return noReply('forbidden', url)
    const answer = await request(url, {
      dispatcher: isNamed(url) ? inside : outside,
      method,
      headers: { 'user-agent': 'Carrel (controlled digital lending)', ...headers },
      body: body ?? null,
      signal,
    })
    const { location } = answer.headers
    if (answer.statusCode >= 300 && answer.statusCode < 400 && typeof location === 'string') {
      answer.body.dump({ limit: 65_536 }).catch(() => {})
      const next = URL.parse(location, url)
      return redirected(question, next) ?? noReply('redirect', url)
    }
    return readReply(answer, url, set.mostBytes)
  }

  async function ask(question: Question): Promise<Reply> {
    const signal = AbortSignal.timeout(set.wholeMs)
    let next = question
    try {
      for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
        const reply = await once(next, signal)
        if ('kind' in reply) return reply
        next = reply
      }
      return noReply('redirect', next.url)
    } catch (error) {
      const code = codeOf(error)
      const why =
        signal.aborted || TIMED_OUT.test(code)
          ? 'timeout'
          : CERTIFICATE.test(code)
            ? 'certificate'
            : code === FORBIDDEN
              ? 'forbidden'
              : 'connection'
      return { ...noReply(why, next.url), ...(code !== '' && { code }) }
    }
  }

  return {
    ask,
    close: async () => {
      await Promise.all([inside.destroy(), outside.destroy()])
    },
  }
}

async function readReply(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  url: URL,
  mostBytes: number,
): Promise<Reply> {
  const parts: Buffer[] = []
  let got = 0
  // Leaving the loop early destroys the body, and with it the connection.
  for await (const part of body as AsyncIterable<Buffer>) {
    got += part.length
    if (got > mostBytes) return noReply('too-large', url)
    parts.push(part)
  }
  const mime = String(headers['content-type'] ?? '')
    .split(';', 1)[0]
    ?.trim()
    .toLowerCase()
  return {
    kind: 'reply',
    status: statusCode,
    headers,
    mime: mime ?? '',
    bytes: Buffer.concat(parts),
  }
}

/** @returns what to ask where a redirect leads; undefined: it is not followed */
function redirected(question: Question, url: URL | null): Question | undefined {
  if (url === null || question.method === 'POST') return undefined
  if (url.origin === question.url.origin) return { ...question, url }
  return question.mayLeadTo?.(url) ? { ...question, url, headers: {} } : undefined
}

const noReply = (why: NoReplyWhy, { host }: URL): Reply & { kind: 'no-reply' } => ({
  kind: 'no-reply',
  why,
  host,
})

const FORBIDDEN = 'CARREL_FORBIDDEN_ADDRESS'

function mayLeave({ protocol, hostname }: URL): boolean {
  const literal = hostname.replace(/^\[|\]$/g, '')
  return protocol === 'https:' && (!ipaddr.isValid(literal) || isPublic(literal))
}

/** `unicast` is what ipaddr.js calls an address without any special use (RFC 6890). */
function isPublic(address: string): boolean {
  return ipaddr.process(address).range() === 'unicast'
}

/** As `lookup`, but a name with any address inside the house has none at all. */
function publicOnly(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, [])
      const addresses =
        typeof found === 'string' ? [{ address: found, family: isIP(found) }] : found
      if (addresses.length === 0 || !addresses.every(({ address }) => isPublic(address))) {
        const refusal: NodeJS.ErrnoException = new Error('an address inside the house')
        refusal.code = FORBIDDEN
        return callback(refusal, [])
      }
      if (options.all) return callback(null, addresses)
      const [{ address, family } = { address: '', family: 4 }] = addresses
      callback(null, address, family)
    })
  }
}

/** @returns the code of a fault of the network, or '' */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}
