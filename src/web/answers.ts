import type { WebContext, WebDeps } from './context.ts'
import { type Refused, refusalWords } from './refusals.ts'
import type { Frame, Pages } from './view.ts'

/** How pages and refusals go out. */
export type Answers = ReturnType<typeof createAnswers>

export function createAnswers({
  settings,
  clock,
  view,
  words,
  texts,
  logo,
}: Pick<WebDeps, 'settings' | 'clock' | 'view' | 'words' | 'texts' | 'logo'>) {
  const site = {
    name: settings.siteName,
    library: settings.libraryName,
    logo,
    hasColour: settings.accentColour !== '',
  }

  function frame(c: WebContext): Frame {
    const visitor = c.get('visitor')
    return {
      visitor: visitor && { name: visitor.patron, isStaff: visitor.role === 'staff' },
      demonstration: settings.demonstration,
      helpUrl: settings.helpUrl,
      feedbackUrl: settings.feedbackUrl,
      site,
      announcement: texts('announcement'),
      footer: texts('footer'),
    }
  }

  const toWords = (refused: Refused) => refusalWords(refused, clock.now(), words)

  function json(refused: Refused, headers: Record<string, string>) {
    const { status, message } = toWords(refused)
    return {
      status,
      text: JSON.stringify({ error: refused.kind, message }),
      headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers },
    }
  }

  return {
    page<Name extends keyof Pages>(
      c: WebContext,
      name: Name,
      props: Pages[Name],
      status: 200 | 400 | 401 | 409 | 502 | 503 | 504 = 200,
    ): Response {
      return c.html(view(name, props, frame(c)), status, { 'Cache-Control': 'no-store' })
    },

    /** A page that says no, with a way back. */
    refuse(
      c: WebContext,
      refused: Refused,
      link = { href: '/', text: 'Go to the first page' },
    ): Response {
      const { status, title, message } = toWords(refused)
      const requestId = status >= 500 ? c.get('requestId') : ''
      const html = view('refusal', { title, message, requestId, link }, frame(c))
      return c.html(html, status, { 'Cache-Control': 'no-store' })
    },

    /** The same for programs: the viewer reads the status, people read the message. */
    refuseJson(c: WebContext, refused: Refused, headers: Record<string, string> = {}): Response {
      const no = json(refused, headers)
      return c.body(no.text, no.status, no.headers)
    },

    json,

    words: toWords,
  }
}
