import type { MiddlewareHandler } from 'hono'
import type { WebEnv } from './context.ts'

/** Tells with a HEAD how long the answer to the GET would be (RFC 9110 section 9.3.2). */
export const headLength: MiddlewareHandler<WebEnv> = async (c, next) => {
  await next()
  if (c.req.method !== 'HEAD' || c.res.body === null) return
  const { byteLength } = await c.res.arrayBuffer()
  const { status, headers } = c.res
  c.res = undefined
  c.res = new Response(null, { status, headers })
  c.res.headers.set('Content-Length', String(byteLength))
}
