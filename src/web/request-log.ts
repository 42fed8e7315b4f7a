import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import type { WebDeps, WebEnv } from './context.ts'

/**
 * Gives each request a number, and in verbose mode a line: method, path, status, milliseconds.
 * Neither the query nor who asks is in it.
 */
export function requestLog({ log }: Pick<WebDeps, 'log'>): MiddlewareHandler<WebEnv> {
  return async (c, next) => {
    const requestId = randomUUID().slice(0, 8)
    c.set('requestId', requestId)
    const started = performance.now()
    await next()
    const ms = Math.round(performance.now() - started)
    log.debug(
      { rid: requestId, method: c.req.method, path: c.req.path, status: c.res.status, ms },
      'request',
    )
  }
}
