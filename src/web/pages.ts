import type { Answers } from './answers.ts'
import type { WebDeps } from './context.ts'
import { demonstrationSignOut } from './demonstration.ts'
import type { Handler, Router } from './routes.ts'
import { lengthInWords } from './words.ts'

/** The pages for anybody: what this is, and the way out. */
export function pageRoutes(
  { route }: Router,
  { settings, texts }: WebDeps,
  answers: Answers,
): void {
  const home: Handler = (c) => answers.page(c, 'home', { policy: texts('policy') })
  route('/', { GET: home })
  route('/info', { GET: home })
  route('/about', { GET: (c) => answers.page(c, 'about', { text: texts('about') }) })
  const kept = {
    coolingOff: lengthInWords(settings.reloanWaitMinutes / 60),
    mails: settings.mailHost !== undefined,
    logIsKeyed: settings.logKey !== undefined,
  }
  route('/privacy', { GET: (c) => answers.page(c, 'privacy', kept) })
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
