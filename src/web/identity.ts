import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import ipaddr from 'ipaddr.js'
import { type NameCase, type PatronId, parsePatronId } from '../ids.ts'
import type { Settings } from '../settings.ts'

/** What the front server tells of a request. */
export type Identification =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'somebody'; readonly patron: PatronId }
  /** A name from a peer that may not give one, or without the secret. */
  | { readonly kind: 'not-trusted'; readonly reason: 'peer' | 'secret' }
  /** A name that cannot be believed whoever sends it. */
  | { readonly kind: 'bad-identity'; readonly reason: 'look-alike' | 'twice' | 'malformed' }

export interface IdentityRules {
  /** The one header that carries the name. */
  readonly header: string
  readonly nameCase: NameCase
  /** Addresses or CIDR ranges of the peers that may give a name. A Unix socket may always. */
  readonly trustedProxies: readonly string[]
  /** Accepted values of X-Carrel-Proxy; none: the header is not asked for. */
  readonly secrets: readonly string[]
}

const SECRET_HEADER = 'x-carrel-proxy'

/** Who sends this request, as the trusted front server in front of Carrel says. */
export function createIdentify(rules: IdentityRules): (request: IncomingMessage) => Identification {
  const header = rules.header.toLowerCase()
  const shape = shapeOf(header)
  const isTrusted = remembered(peerMatcher(rules.trustedProxies))
  const roleOf = remembered((name: string) => {
    if (name.toLowerCase() === header) return 'header'
    return shapeOf(name) === shape ? 'look-alike' : 'other'
  })
  return ({ rawHeaders, headers, socket }) => {
    const values: string[] = []
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const role = roleOf(rawHeaders[i]!)
      if (role === 'header') values.push(rawHeaders[i + 1]!)
      else if (role === 'look-alike') return { kind: 'bad-identity', reason: 'look-alike' }
    }
    if (values.length > 1) return { kind: 'bad-identity', reason: 'twice' }
    const [value] = values
    if (value === undefined) return { kind: 'nobody' }
    if (!isTrusted(socket.remoteAddress)) return { kind: 'not-trusted', reason: 'peer' }
    if (rules.secrets.length > 0 && !hasSecret(headers[SECRET_HEADER], rules.secrets))
      return { kind: 'not-trusted', reason: 'secret' }
    const name = decodeUtf8(value)
    if (name?.trim() === '') return { kind: 'nobody' }
    const patron = name === undefined ? undefined : parsePatronId(name, rules.nameCase)
    if (patron === undefined) return { kind: 'bad-identity', reason: 'malformed' }
    return { kind: 'somebody', patron }
  }
}

/** The same, by the settings. */
export function identifyBy(settings: Settings): (request: IncomingMessage) => Identification {
  return createIdentify({
    header: settings.remoteUserHeader,
    nameCase: settings.remoteUserCase,
    trustedProxies: settings.trustedProxies,
    secrets: settings.proxySecrets,
  })
}

/**
 * The same few names of headers and addresses of peers come with every tile. Whatever else is sent
 * cannot fill the memory.
 */
function remembered<Key, Answer extends {}>(ask: (key: Key) => Answer): (key: Key) => Answer {
  const known = new Map<Key, Answer>()
  return (key) => {
    const answer = known.get(key) ?? ask(key)
    if (known.size < 500) known.set(key, answer)
    return answer
  }
}

/** Front servers confuse these spellings with each other, so only one of them is let in. */
function shapeOf(header: string): string {
  return header.toLowerCase().replaceAll('_', '-').replace(/^x-/, '')
}

/** Matches the address of the socket's peer; undefined is a Unix socket. */
function peerMatcher(networks: readonly string[]): (address: string | undefined) => boolean {
  const ranges = networks.map((network) =>
    ipaddr.parseCIDR(
      network.includes('/')
        ? network
        : `${network}/${ipaddr.parse(network).kind() === 'ipv4' ? 32 : 128}`,
    ),
  )
  return (address) => {
    if (address === undefined) return true
    // process() turns ::ffff:127.0.0.1 into 127.0.0.1.
    const peer = ipaddr.process(address)
    return ranges.some(
      ([network, bits]) => peer.kind() === network.kind() && peer.match(network, bits),
    )
  }
}

function hasSecret(sent: string | string[] | undefined, secrets: readonly string[]): boolean {
  if (typeof sent !== 'string') return false
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return secrets.some((secret) => timingSafeEqual(digest(sent), digest(secret)))
}

/** Node reads header bytes as Latin-1; names are UTF-8. */
function decodeUtf8(value: string): string | undefined {
  if (/^[ -~]*$/.test(value)) return value
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'))
  } catch {
    return undefined
  }
}
