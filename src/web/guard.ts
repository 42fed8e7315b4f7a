import type { MiddlewareHandler } from 'hono'
import type { Answers } from './answers.ts'
import type { WebContext, WebDeps, WebEnv } from './context.ts'
import { demonstrationHost, demonstrationVisitor } from './demonstration.ts'
import { identifyBy } from './identity.ts'
import type { Refused } from './refusals.ts'
import { pathOf, pathSegments } from './target.ts'

/** Longer than any address of ours by far. */
const LONGEST_PATH = 4096

/** The first thing that meets a request: it refuses what no route should see, settles who asks. */
export function guard(deps: WebDeps, answers: Answers): MiddlewareHandler<WebEnv> {
  const { settings, people, log } = deps
  const identify = identifyBy(settings)

  function examine(c: WebContext): Refused | undefined {
    const { incoming } = c.env
    c.set('origin', settings.baseUrl)
    const target = incoming.url ?? ''
    if (pathOf(target).length > LONGEST_PATH) return { kind: 'address-too-long' }
    if (pathSegments(target) === undefined) return { kind: 'bad-address' }
    // RFC 9112 section 3.2: of two, nobody knows which one others go by.
    if (incoming.headersDistinct.host?.length !== 1) return { kind: 'bad-address' }
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
    return undefined
  }

  return async (c, next) => {
    const refused = examine(c)
    if (refused !== undefined) return answers.refuse(c, refused)
    await next()
  }
}
