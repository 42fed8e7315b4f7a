import type { Answers } from './answers.ts'
import type { WebDeps } from './context.ts'
import type { Router } from './routes.ts'

const ROWS = 100

/** What staff did, newest first, for the staff to look up. */
export function auditRoutes({ route, staffOnly }: Router, deps: WebDeps, answers: Answers): void {
  const { audit, clock, words } = deps

  route('/audit', {
    GET: staffOnly((c) => {
      const asked = c.req.query('before') ?? ''
      const before = /^\d{1,15}$/.test(asked) ? Number(asked) : undefined
      const entries = audit.before(before, ROWS + 1)
      const rows = entries.slice(0, ROWS).map(({ id, at, ...entry }) => ({
        ...entry,
        when: words.when(at, clock.now()),
      }))
      const older = entries.length > ROWS ? String(entries[ROWS - 1]?.id) : ''
      return answers.page(c, 'audit', { rows, older, isFirst: before === undefined })
    }),
  })
}
