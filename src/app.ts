import { Hono } from 'hono'
import { databaseTrouble } from './db/trouble.ts'
import { addRoutes } from './web/add.ts'
import { type Answers, createAnswers } from './web/answers.ts'
import { auditRoutes } from './web/audit.ts'
import { bulkRoutes } from './web/bulk.ts'
import type { WebDeps, WebEnv } from './web/context.ts'
import { demonstrationRoutes, signInPage } from './web/demonstration.ts'
import { downloadRoutes } from './web/downloads.ts'
import { edgeRoutes } from './web/edge.ts'
import { editRoutes } from './web/edit.ts'
import { fileRoutes } from './web/files.ts'
import { guard } from './web/guard.ts'
import { headLength } from './web/head.ts'
import { healthRoutes } from './web/health.ts'
import { iiifRoutes, loanEntrance } from './web/iiif.ts'
import { itemRoutes } from './web/items.ts'
import { lendingRoutes } from './web/lending.ts'
import { listRoutes } from './web/list.ts'
import { loansRoutes } from './web/loans.ts'
import { lookForCoverRoutes } from './web/look-for-cover.ts'
import { pageRoutes } from './web/pages.ts'
import { previewRoutes } from './web/preview.ts'
import { readyRoutes } from './web/ready.ts'
import { refreshRoutes } from './web/refresh.ts'
import { removeRoutes } from './web/remove.ts'
import { requestLog } from './web/request-log.ts'
import { createRouter, type Router } from './web/routes.ts'
import { processingRoutes } from './web/start-processing.ts'
import { statsRoutes } from './web/stats.ts'

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
  app.use(headLength)
  app.use(guard(deps, answers))
  app.use(async (c, next) => {
    const mayWrite = c.req.method === 'POST' && deps.passOn === undefined
    if (mayWrite && c.get('visitor')) await deps.writersTurn()
    await next()
  })

  readersRoutes(router, deps, answers)
  if (deps.passOn === undefined) otherRoutes(router, deps, answers)

  app.notFound(deps.passOn ?? ((c) => answers.refuse(c, { kind: 'not-found' })))
  app.onError((cause, c) => {
    const rid = c.get('requestId')
    // Whoever asked has gone away in the middle: nobody's fault, and nobody to answer.
    if (c.req.raw.signal.aborted) {
      log.debug({ rid }, 'request.aborted')
      return c.body(null, 400)
    }
    const code = databaseTrouble(cause)
    if (code !== undefined) {
      log.error({ rid, code }, code === 'SQLITE_BUSY' ? 'db.busy' : 'db.fault')
      c.header('Retry-After', '2')
      return answers.refuse(c, { kind: 'cannot-record' })
    }
    log.error({ rid, err: cause }, 'request.fault')
    return answers.refuse(c, { kind: 'fault' })
  })
  return app
}

/** What readers ask for all the time, and what anybody may see: several processes may answer it. */
function readersRoutes(router: Router, deps: WebDeps, answers: Answers): void {
  iiifRoutes(router, deps, answers, loanEntrance(deps))
  edgeRoutes(router, deps, answers)
  previewRoutes(router, deps, answers)
  fileRoutes(router, deps, answers)
  pageRoutes(router, deps, answers)
}

/** All that changes or counts something, or tells what one process holds in memory. */
function otherRoutes(router: Router, deps: WebDeps, answers: Answers): void {
  itemRoutes(router, deps, answers)
  lendingRoutes(router, deps, answers)
  healthRoutes(router, deps, answers)
  listRoutes(router, deps, answers)
  readyRoutes(router, deps, answers)
  removeRoutes(router, deps, answers)
  processingRoutes(router, deps, answers)
  addRoutes(router, deps, answers)
  editRoutes(router, deps, answers)
  lookForCoverRoutes(router, deps, answers)
  bulkRoutes(router, deps, answers)
  refreshRoutes(router, deps, answers)
  loansRoutes(router, deps, answers)
  auditRoutes(router, deps, answers)
  statsRoutes(router, deps, answers)
  downloadRoutes(router, deps, answers)
  if (deps.settings.demonstration) demonstrationRoutes(router, answers)
}
