import { describe, expect, it } from 'vitest'
import { startSite } from '../support/site.ts'

describe('the page that says what is kept', () => {
  const pageOf = async (ini = '') =>
    (await (await startSite({ ini })).as(undefined, '/privacy')).text()

  it('1.7 page: is for anybody and says for how long, as the settings have it', async () => {
    expect(await pageOf()).toContain('for 30 minutes after it')
    expect(await pageOf('RELOAN_WAIT_TIME = 90')).toContain('for 1 hour 30 minutes after it')
  })

  it('1.7 page: speaks of mail only where mail is sent, and says when the log can be told', async () => {
    const plain = await pageOf()
    expect(plain).not.toContain('e-mail')
    expect(plain).toContain('cannot be turned back')
    const more = await pageOf(
      `MAIL_HOST = 127.0.0.1\nMAIL_SENDER = l@example.edu\nLOG_KEY = ${'k'.repeat(32)}`,
    )
    expect(more).toContain('e-mail')
    expect(more).toContain('holds a key')
  })
})
