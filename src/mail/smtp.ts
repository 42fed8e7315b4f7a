import { getSystemErrorName } from 'node:util'
import { createTransport } from 'nodemailer'
import { SECOND } from '../clock.ts'
import type { Mailer, Sending } from './mailer.ts'

export interface SmtpOptions {
  readonly host: string
  readonly port: number
  /** Who the mail is from: `library@example.edu`, or `The Library <library@example.edu>`. */
  readonly sender: string
  /**
   * `auto`: encrypted if the server offers it, whatever its certificate (RFC 7435); `starttls`:
   * encrypted or not at all; `tls`: from the first byte on; `none`: never.
   */
  readonly tls: 'auto' | 'starttls' | 'tls' | 'none'
  readonly user?: string | undefined
  readonly password?: string | undefined
  /** For each step: name, connection, greeting, answer. The whole takes three times that at most. */
  readonly stepMs?: number
}

/** Sends mail to one server by SMTP (RFC 5321), each letter over a connection of its own. */
export function smtpMailer(options: SmtpOptions): Mailer {
  const { host, port, sender, tls, user, password = '', stepMs = 10 * SECOND } = options
  const transport = createTransport({
    host,
    port,
    secure: tls === 'tls',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: { rejectUnauthorized: tls !== 'auto' },
    ...(user === undefined ? {} : { auth: { user, pass: password } }),
    dnsTimeout: stepMs,
    connectionTimeout: stepMs,
    greetingTimeout: stepMs,
    socketTimeout: stepMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })

  return {
    async send({ to, subject, text, date, messageId }) {
      let timer: NodeJS.Timeout | undefined
      const tooLate = new Promise<Sending>((resolve) => {
        timer = setTimeout(() => resolve({ kind: 'failed', code: 'ETIMEDOUT' }), 3 * stepMs)
      })
      const sent = transport
        .sendMail({
          from: sender,
          to: { name: '', address: to },
          subject: inOneLine(subject),
          text,
          date: new Date(date),
          messageId: `<${messageId}>`,
          // So that out-of-office replies stay out (RFC 3834, section 5).
          headers: { 'Auto-Submitted': 'auto-generated' },
        })
        .then((): Sending => ({ kind: 'sent' }))
        .catch((fault: unknown): Sending => ({ kind: 'failed', code: codeOf(fault) }))
      return Promise.race([sent, tooLate]).finally(() => clearTimeout(timer))
    },
  }
}

function inOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
}

/** Never the message: it may hold the address. */
function codeOf(fault: unknown): string {
  const { responseCode, errno, code } = fault as Partial<Record<string, number | string>>
  if (typeof errno === 'number' && errno < 0) return getSystemErrorName(errno)
  return String(responseCode ?? code ?? 'unknown')
}
