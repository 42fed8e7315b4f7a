import { Hono } from 'hono'
import { addRoutes } from './web/add.ts'
import { createAnswers } from './web/answers.ts'
import type { WebDeps, WebEnv } from './web/context.ts'
import { demonstrationRoutes, signInPage } from './web/demonstration.ts'
import { fileRoutes } from './web/files.ts'
import { guard } from './web/guard.ts'
import { iiifRoutes } from './web/iiif.ts'
import { itemRoutes } from './web/items.ts'
import { lendingRoutes } from './web/lending.ts'
import { listRoutes } from './web/list.ts'
import { pageRoutes } from './web/pages.ts'
import { readyRoutes } from './web/ready.ts'
import { removeRoutes } from './web/remove.ts'
import { requestLog } from './web/request-log.ts'
import { createRouter } from './web/routes.ts'
import { processingRoutes } from './web/start-processing.ts'

/** The site: what meets a request first, then one line for each group of addresses. */
export function createApp(deps: WebDeps): Hono<WebEnv> {
  const { settings, log } = deps
  const app = new Hono<WebEnv>()
  const answers = createAnswers(deps)
  const router = createRouter(app, answers, (c) =>
    settings.demonstration
      ? signInPage(c, answers, 401)
      : answers.refuse(c, { kind: 'not-signed-in' }),
  )

  app.use(requestLog(deps))
  app.use(guard(deps, answers))

  iiifRoutes(router, deps, answers)
  fileRoutes(router, deps, answers)
  itemRoutes(router, deps, answers)
  lendingRoutes(router, deps, answers)
  pageRoutes(router, deps, answers)
  listRoutes(router, deps, answers)
  readyRoutes(router, deps, answers)
  removeRoutes(router, deps, answers)
  processingRoutes(router, deps, answers)
  addRoutes(router, deps, answers)
  if (settings.demonstration) demonstrationRoutes(router, answers)

  app.notFound((c) => answers.refuse(c, { kind: 'not-found' }))
  app.onError((cause, c) => {
    log.error({ rid: c.get('requestId'), err: cause }, 'request.fault')
    return answers.refuse(c, { kind: 'fault' })
  })
  return app
}
