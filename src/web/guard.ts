import type { MiddlewareHandler } from 'hono'
import type { Answers } from './answers.ts'
import type { WebContext, WebDeps, WebEnv } from './context.ts'
import { demonstrationHost, demonstrationVisitor } from './demonstration.ts'
import { SECURITY_HEADERS } from './headers.ts'
import { createIdentify } from './identity.ts'
import type { Refused } from './refusals.ts'
import { isFromHere } from './same-origin.ts'
import { pathSegments } from './target.ts'

/**
 * The first thing that meets a request. It refuses what no route should see, settles who asks,
 * and puts the headers on that every answer carries.
 */
export function guard(deps: WebDeps, answers: Answers): MiddlewareHandler<WebEnv> {
  const { settings, people, log } = deps
  const identify = createIdentify({
    header: settings.remoteUserHeader,
    nameCase: settings.remoteUserCase,
    trustedProxies: settings.trustedProxies,
    secrets: settings.proxySecrets,
  })

  function examine(c: WebContext): Refused | undefined {
    const { incoming } = c.env
    c.set('origin', settings.baseUrl)
    if (pathSegments(incoming.url ?? '') === undefined) return { kind: 'bad-address' }
    if (settings.demonstration) {
      const host = demonstrationHost(incoming)
      if (host === undefined) return { kind: 'not-demonstration-host' }
      c.set('origin', `http://${host}`)
      c.set('visitor', demonstrationVisitor(c, people))
    } else {
      const identity = identify(incoming)
      if ('reason' in identity) {
        log.warn({ reason: identity.reason, rid: c.get('requestId') }, 'identity.reject')
        return { kind: identity.kind }
      }
      if (identity.kind === 'somebody') {
        c.set('visitor', { patron: identity.patron, role: people.role(identity.patron) })
      }
    }
    return isFromHere(c.req.raw, c.get('origin')) ? undefined : { kind: 'other-site' }
  }

  return async (c, next) => {
    const refused = examine(c)
    if (refused === undefined) await next()
    else c.res = answers.refuse(c, refused)
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      if (!c.res.headers.has(name)) c.res.headers.set(name, value)
    }
  }
}
