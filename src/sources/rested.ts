import { type Breaker, createBreaker } from '../breaker.ts'
import { SECOND } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Source, SourceFault, SourceImage } from './source.ts'

export interface RestedOptions {
  readonly log: Log
  /** Milliseconds on a clock that nobody sets. */
  readonly monotonic: () => number
}

const REST = { failures: 5, withinMs: 10 * SECOND, restMs: 5 * SECOND }

interface Server {
  readonly breaker: Breaker
  restedAt: number | undefined
}

/**
 * The same images, but a server that has failed five times within ten seconds is left alone for
 * five, or for as long as it says itself, and then tried by one request. Each host is judged by
 * itself. An answer that says something of one image only (404, 400, a broken image) is no failure.
 */
export function rested(source: Source, { log, monotonic }: RestedOptions): Source {
  const servers = new Map<string, Server>()

  function serverOf(host: string): Server {
    const known = servers.get(host)
    if (known !== undefined) return known
    const server = { breaker: createBreaker(REST, monotonic), restedAt: undefined }
    servers.set(host, server)
    return server
  }

  function note(host: string, answer: { readonly kind: 'found' } | SourceFault): void {
    const server = serverOf(host)
    if (isDown(answer)) {
      server.breaker.failed(answer.kind === 'busy' ? answer.retryAfterS * SECOND : REST.restMs)
      return
    }
    server.breaker.succeeded()
    if (server.restedAt === undefined) return
    const downS = Math.round((monotonic() - server.restedAt) / SECOND)
    log.info({ host, downS }, 'upstream.back')
    server.restedAt = undefined
  }

  /** @returns why the server is not asked now, or undefined */
  function resting(host: string): SourceFault | undefined {
    const server = serverOf(host)
    const waitMs = server.breaker.waitMs()
    if (waitMs === 0) return undefined
    server.restedAt ??= monotonic()
    return { kind: 'resting', retryAfterS: Math.ceil(waitMs / SECOND), detail: { host } }
  }

  return {
    async info(image, signal) {
      const host = hostOf(image)
      const answer = resting(host) ?? (await source.info(image, signal))
      if (answer.kind !== 'resting') note(host, answer)
      return answer
    },
    async pixels(image, path, signal) {
      const host = hostOf(image)
      const answer = resting(host) ?? (await source.pixels(image, path, signal))
      if (answer.kind === 'coming') {
        // Whoever went away leaves nothing to be learnt.
        answer.whole.then(
          (whole) => note(host, whole),
          () => {},
        )
      } else if (answer.kind !== 'resting') note(host, answer)
      return answer
    },
  }
}

/** Whether the server as a whole does not work; 502 comes from a front server that says so. */
function isDown(answer: { readonly kind: 'found' } | SourceFault): boolean {
  return (
    answer.kind === 'unreachable' ||
    answer.kind === 'timeout' ||
    answer.kind === 'busy' ||
    (answer.kind === 'bad-answer' && answer.detail.status === 502)
  )
}

function hostOf({ id }: SourceImage): string {
  return URL.parse(id)?.host ?? ''
}
