import { join } from 'node:path'
import { Eta } from 'eta'
import type { EpochMs } from '../clock.ts'
import type { Mail } from '../mail/mailer.ts'
import type { Letter } from './outbox.ts'

export interface LetterOptions {
  /** The folder of the templates. */
  readonly templates: string
  /** Scheme and host of Carrel as the browser sees them. */
  readonly baseUrl: string
  readonly siteName: string
  readonly libraryName: string
  /** An instant in words that are true on any day, with its zone. */
  readonly inFull: (at: EpochMs) => string
}

/** @returns a function that writes the mail about a loan, from `mail/loan.eta` */
export function letterWriter(options: LetterOptions): (letter: Letter, now: EpochMs) => Mail {
  const { templates, baseUrl, siteName, libraryName, inFull } = options
  const eta = new Eta({
    views: join(templates, 'mail'),
    autoEscape: false,
    autoTrim: false,
    cache: true,
  })
  return ({ loanId, address, barcode, title, startedAt, dueAt }, now) => ({
    to: address,
    subject: `On loan to you: ${title}`,
    text: eta.render('./loan', {
      title: title.replace(/\s+/g, ' '),
      due: inFull(dueAt),
      viewUrl: `${baseUrl}/view/${barcode}`,
      itemUrl: `${baseUrl}/item/${barcode}`,
      from: [siteName, libraryName].filter((name) => name !== '').join(', '),
    }),
    date: now,
    messageId: `loan-${loanId}-${startedAt}@${new URL(baseUrl).hostname}`,
  })
}
