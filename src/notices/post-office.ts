import type { Clock, EpochMs } from '../clock.ts'
import type { Db } from '../db/open.ts'
import type { PatronId } from '../ids.ts'
import type { Log } from '../log.ts'
import type { Settings } from '../settings.ts'
import { addressOf } from './address.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import { letterWriter } from './letter.ts'
import { outboxIn } from './outbox.ts'

export interface PostOffice extends Delivery {
  /** `deliver` in the background; what goes wrong is in the log. */
  deliverSoon(): void
  /** To be called in the transaction of a new loan. */
  onLoan(loan: { id: number; patron: PatronId; startedAt: EpochMs }): void
}

export interface PostOfficeParts {
  readonly settings: Settings
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  /** The folder of the templates. */
  readonly templates: string
  readonly inFull: (at: EpochMs) => string
}

/** @returns undefined where no mail is sent: without a mail server, and in the demonstration */
export async function openPostOffice(parts: PostOfficeParts): Promise<PostOffice | undefined> {
  const { settings, db, clock, log } = parts
  const { mailHost, mailSender, mailDomain } = settings
  if (mailHost === undefined || mailSender === undefined || settings.demonstration) return undefined
  // Its library is a tenth of a start.
  const { smtpMailer } = await import('../mail/smtp.ts')
  const outbox = outboxIn(db)
  const mailer = smtpMailer({
    host: mailHost,
    port: settings.mailPort,
    sender: mailSender,
    tls: settings.mailTls,
    user: settings.mailUser,
    password: settings.mailPassword,
  })
  const write = letterWriter({ ...settings, ...parts })
  const delivery = createDelivery({ outbox, mailer, write, clock, log })
  const deliverSoon = () => {
    delivery.deliver().catch((err) => log.error({ err }, 'mail.fault'))
  }
  return {
    ...delivery,
    deliverSoon,
    onLoan({ id, patron, startedAt }) {
      const address = addressOf(patron, mailDomain)
      if (address === undefined) return
      outbox.put(id, address, startedAt)
      // Not before the transaction is over.
      setImmediate(deliverSoon)
    },
  }
}
