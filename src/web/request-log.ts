import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { WebDeps, WebEnv } from './context.ts'

/**
 * Gives each request a number, counts it, and in verbose mode writes a line: method, path, status,
 * milliseconds. Neither the query nor who asks is in it.
 */
export function requestLog({
  log,
  metrics,
}: Pick<WebDeps, 'log' | 'metrics'>): MiddlewareHandler<WebEnv> {
  return async (c, next) => {
    const requestId = randomUUID().slice(0, 8)
    c.set('requestId', requestId)
    const started = performance.now()
    await next()
    if (c.get('isPassedOn')) return
    const took = performance.now() - started
    metrics.answered(routePath(c, -1), c.res.status, took / 1000)
    const ms = Math.round(took)
    log.debug(
      { rid: requestId, method: c.req.method, path: c.req.path, status: c.res.status, ms },
      'request',
    )
  }
}
