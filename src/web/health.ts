import { createHash, timingSafeEqual } from 'node:crypto'
import type { Answers } from './answers.ts'
import type { WebContext, WebDeps } from './context.ts'
import type { Handler, Router } from './routes.ts'

const HEADERS = { 'Cache-Control': 'no-store' }

/** For whoever watches the server: is it alive, can it lend, and its numbers. */
export function healthRoutes(
  router: Router,
  { settings, health, metrics }: Pick<WebDeps, 'settings' | 'health' | 'metrics'>,
  answers: Answers,
): void {
  const { metricsToken } = settings

  /** Without METRICS_TOKEN there is nothing to see; with it, only for whoever sends it. */
  const withToken =
    (handler: Handler): Handler =>
    (c) => {
      if (metricsToken === undefined) return answers.refuse(c, { kind: 'not-found' })
      if (isToken(c.req.header('authorization'), metricsToken)) return handler(c)
      c.header('WWW-Authenticate', 'Bearer')
      return c.text('Send Authorization: Bearer METRICS_TOKEN.\n', 401, HEADERS)
    }

  router.route('/healthz', {
    GET: (c: WebContext) => c.body(null, health.faults().length === 0 ? 204 : 503, HEADERS),
  })
  router.route('/readyz', {
    GET: withToken((c) => {
      const faults = health.faults()
      const ready = faults.length === 0
      return c.json({ ready, faults }, ready ? 200 : 503, HEADERS)
    }),
  })
  router.route('/metrics', {
    GET: withToken(async (c) =>
      c.body(await metrics.text(), 200, { ...HEADERS, 'Content-Type': metrics.contentType }),
    ),
  })
}

/** Compared as hashes of one length, so that the time taken tells nothing of the token. */
function isToken(header: string | undefined, token: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(header ?? ''), hash(`Bearer ${token}`))
}
