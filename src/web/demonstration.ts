import type { IncomingMessage } from 'node:http'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { SAMPLE_PEOPLE } from '../demonstration/people.ts'
import { parsePatronId } from '../ids.ts'
import type { People } from '../people/people.ts'
import type { Answers } from './answers.ts'
import type { Visitor, WebContext } from './context.ts'
import { readForm } from './forms.ts'
import type { Router } from './routes.ts'

const COOKIE = 'carrel-demonstration'
const LOCAL_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/

/**
 * The demonstration has no sign-in worth the name, so it answers on this machine only: to the
 * names of loopback, and never through a proxy.
 *
 * @returns host and port as the browser sees them, or undefined
 */
export function demonstrationHost({ headers }: IncomingMessage): string | undefined {
  const names = Object.keys(headers)
  if (
    names.some((name) => name === 'via' || name === 'forwarded' || name.startsWith('x-forwarded-'))
  )
    return undefined
  const host = headers.host?.toLowerCase() ?? ''
  return LOCAL_HOST.test(host) ? host : undefined
}

export function demonstrationVisitor(
  c: WebContext,
  people: Pick<People, 'role'>,
): Visitor | undefined {
  const name = getCookie(c, COOKIE)
  const person = SAMPLE_PEOPLE.find((one) => one.name === name)
  const patron = person && parsePatronId(person.name, 'fold')
  return patron && { patron, role: people.role(patron) }
}

/** The page to pick one of the sample people, in place of an institution's sign-in. */
export function signInPage(c: WebContext, answers: Answers, status: 200 | 401): Response {
  const to = status === 401 && c.req.method === 'GET' ? c.req.path : '/'
  return answers.page(c, 'sign-in', { people: SAMPLE_PEOPLE, to }, status)
}

/** The routes that only the demonstration has. */
export function demonstrationRoutes({ route }: Router, answers: Answers): void {
  route('/sign-in', {
    GET: (c) => signInPage(c, answers, 200),
    POST: async (c) => {
      const form = await readForm(c)
      if (form.kind === 'refused') return answers.refuse(c, form.refused)
      const person = SAMPLE_PEOPLE.find(({ name }) => name === form.fields.get('name'))
      if (person === undefined)
        return answers.refuse(c, { kind: 'bad-form', why: 'Pick one of the sample people.' })
      setCookie(c, COOKIE, person.name, { path: '/', httpOnly: true, sameSite: 'Lax' })
      return c.redirect(localPath(form.fields.get('to')), 303)
    },
  })
}

export function demonstrationSignOut(c: WebContext): Response {
  deleteCookie(c, COOKIE, { path: '/' })
  return c.redirect('/', 303)
}

/** A path of this site, whatever the form says. */
function localPath(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])[\w./-]*$/.test(to) ? to : '/'
}
