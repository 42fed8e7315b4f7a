import type { Hono } from 'hono'
import type { Answers } from './answers.ts'
import type { Visitor, WebContext, WebEnv } from './context.ts'
import { isFromHere } from './same-origin.ts'

export type Handler = (c: WebContext) => Response | Promise<Response>
type VisitorHandler = (c: WebContext, visitor: Visitor) => Response | Promise<Response>

export interface Router {
  /**
   * All that one path does: OPTIONS is answered 204 and every other method 405, both with `Allow`.
   * What is not a GET may change something, so it must come from a page of this site.
   */
  route(path: string, handlers: { GET?: Handler; POST?: Handler }): void
  /** For whoever is signed in; others get 401. */
  signedIn(handler: VisitorHandler): Handler
  /** For the staff; others get 401 or 403. */
  staffOnly(handler: VisitorHandler): Handler
}

/**
 * @param answerStranger what somebody who is not signed in gets: 401, as a page
 */
export function createRouter(app: Hono<WebEnv>, answers: Answers, answerStranger: Handler): Router {
  const signedIn =
    (handler: VisitorHandler): Handler =>
    (c) => {
      const visitor = c.get('visitor')
      return visitor === undefined ? answerStranger(c) : handler(c, visitor)
    }
  const fromHere =
    (handler: Handler): Handler =>
    (c) =>
      isFromHere(c.req.raw, c.get('origin'))
        ? handler(c)
        : answers.refuse(c, { kind: 'other-site' })

  return {
    route(path, handlers) {
      const methods = Object.keys(handlers)
      if (handlers.GET) methods.push('HEAD')
      const allow = [...methods, 'OPTIONS'].join(', ')
      if (handlers.GET) app.get(path, handlers.GET)
      if (handlers.POST) app.post(path, fromHere(handlers.POST))
      app.all(path, (c) => {
        if (c.req.method === 'OPTIONS') return c.body(null, 204, { Allow: allow })
        const refusal = answers.refuse(c, { kind: 'wrong-method' })
        refusal.headers.set('Allow', allow)
        return refusal
      })
    },
    signedIn,
    staffOnly: (handler) =>
      signedIn((c, visitor) =>
        visitor.role === 'staff' ? handler(c, visitor) : answers.refuse(c, { kind: 'not-staff' }),
      ),
  }
}
