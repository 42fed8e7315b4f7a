import type { Answers } from './answers.ts'
import type { WebDeps } from './context.ts'
import { demonstrationSignOut } from './demonstration.ts'
import type { Router } from './routes.ts'

/** The pages for anybody: what this is, and the way out. */
export function pageRoutes({ route }: Router, { settings }: WebDeps, answers: Answers): void {
  route('/', { GET: (c) => answers.page(c, 'home', {}) })
  route('/info', { GET: (c) => answers.page(c, 'home', {}) })
  route('/about', { GET: (c) => answers.page(c, 'about', {}) })
  route('/notallowed', {
    GET: (c) => answers.refuse(c, { kind: 'not-on-loan' }),
    POST: (c) => answers.refuse(c, { kind: 'not-on-loan' }),
  })
  route('/logout', {
    GET: (c) => {
      const elsewhere = !settings.demonstration && settings.logoutUrl !== ''
      if (elsewhere) return c.redirect(settings.logoutUrl, 302)
      return answers.page(c, 'sign-out', { toSignOut: settings.demonstration })
    },
    POST: (c) => (settings.demonstration ? demonstrationSignOut(c) : c.redirect('/logout', 303)),
  })
}
