import { describe, expect, it } from 'vitest'
import type { Mail } from '../../src/mail/mailer.ts'
import { type SmtpOptions, smtpMailer } from '../../src/mail/smtp.ts'
import { fakeSmtp } from '../support/mail.ts'
import { freePort } from '../support/site.ts'

const MAIL: Mail = {
  to: 'ann@example.org',
  subject: 'On loan to you: Optics',
  text: 'Until 13:00.\n',
  date: Date.UTC(2026, 0, 2, 10),
  messageId: 'loan-1-2@lend.example.edu',
}

async function mailServer(fault = 'none') {
  const port = await freePort()
  const server = await fakeSmtp(port, fault)
  const mailer = (options: Partial<SmtpOptions> = {}) =>
    smtpMailer({
      host: '127.0.0.1',
      port,
      sender: 'The Library <library@example.edu>',
      tls: 'auto',
      stepMs: 300,
      ...options,
    })
  return { server, mailer }
}

describe('mail by SMTP', () => {
  it('goes out with date, Message-ID and sender, encrypted where that is offered', async () => {
    const { server, mailer } = await mailServer()
    expect(await mailer().send(MAIL)).toEqual({ kind: 'sent' })
    const [{ to, secure, raw }] = server.letters as [(typeof server.letters)[0]]
    expect([to, secure]).toEqual([['ann@example.org'], true])
    expect(raw).toContain('From: The Library <library@example.edu>\r\n')
    expect(raw).toContain('Date: Fri, 02 Jan 2026 10:00:00 +0000\r\n')
    expect(raw).toContain('Message-ID: <loan-1-2@lend.example.edu>\r\n')
    expect(raw).toContain('Auto-Submitted: auto-generated\r\n')
    expect(raw).toContain('Until 13:00.')
  })

  it('1.1 D15: lets no title write headers, and encodes what is not ASCII', async () => {
    const { server, mailer } = await mailServer()
    const subject = 'A\r\nBcc: eve@example.org\r\n\r\nbody \u2028 Zoë’s 書'
    await mailer().send({ ...MAIL, subject })
    const { raw, to } = server.letters[0]!
    expect(to).toEqual(['ann@example.org'])
    expect(raw).not.toMatch(/^Bcc:/im)
    const [headers] = raw.split('\r\n\r\n')
    expect(headers).toMatch(/^Subject: =\?UTF-8\?[QB]\?/m)
    expect(headers).toMatch(/^[\x20-\x7e\r\n\t]*$/)
  })

  it.each([
    ['4xx', '451'],
    ['5xx', '554'],
    ['bad-recipient', '550'],
    ['slow', 'ETIMEDOUT'],
    ['silent', 'ETIMEDOUT'],
    ['cut', /^E/],
  ])('4.7 SMTP %s: says the code', async (fault, code) => {
    const { server, mailer } = await mailServer(fault)
    const result = await mailer().send(MAIL)
    expect(result).toEqual({
      kind: 'failed',
      code: typeof code === 'string' ? code : expect.stringMatching(code),
    })
    expect(server.letters).toEqual([])
  })

  it('says so when nobody listens, and when the host has no address', async () => {
    const { server, mailer } = await mailServer()
    await server.stop()
    expect(await mailer().send(MAIL)).toMatchObject({ kind: 'failed', code: 'ECONNREFUSED' })
    expect(await mailer({ host: 'nowhere.invalid' }).send(MAIL)).toMatchObject({
      kind: 'failed',
      code: expect.stringMatching(/^E/),
    })
  })

  it('4.7 SMTP TLS fail: sends nothing in the clear, nor to a false certificate, where TLS is asked for', async () => {
    const { server, mailer } = await mailServer()
    expect(await mailer({ tls: 'starttls' }).send(MAIL)).toMatchObject({ kind: 'failed' })
    expect(await mailer({ tls: 'tls' }).send(MAIL)).toMatchObject({ kind: 'failed' })
    const { server: plain, mailer: toPlain } = await mailServer('no-tls')
    expect(await toPlain({ tls: 'starttls' }).send(MAIL)).toMatchObject({ kind: 'failed' })
    expect([...server.letters, ...plain.letters]).toEqual([])
    expect(await toPlain({ tls: 'auto' }).send(MAIL)).toEqual({ kind: 'sent' })
    expect(await mailer({ tls: 'none' }).send(MAIL)).toEqual({ kind: 'sent' })
    expect([plain.letters[0]?.secure, server.letters[0]?.secure]).toEqual([false, false])
  })

  it('signs in where a name is given', async () => {
    const { server, mailer } = await mailServer()
    const sign = (password: string) => mailer({ user: 'lending', password }).send(MAIL)
    expect(await sign('wrong')).toEqual({ kind: 'failed', code: '535' })
    expect(await sign('right')).toEqual({ kind: 'sent' })
    expect(server.letters.map(({ user }) => user)).toEqual(['lending'])
  })
})
