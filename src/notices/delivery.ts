import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Mail, Mailer } from '../mail/mailer.ts'
import { type Letter, type Outbox, WAITS } from './outbox.ts'

export interface DeliveryDeps {
  readonly outbox: Pick<Outbox, 'take' | 'drop'>
  readonly mailer: Mailer
  readonly write: (letter: Letter, now: number) => Mail
  readonly clock: Clock
  readonly log: Log
}

export interface Delivery {
  /** Sends all that is due, a few at a time. Called again meanwhile, it waits for the same round. */
  deliver(): Promise<void>
  /** Takes no further letters, and waits for those on their way. */
  stop(): Promise<void>
}

const AT_A_TIME = 4

/** Empties the outbox in the background: no loan and no page waits for the mail server. */
export function createDelivery(deps: DeliveryDeps): Delivery {
  const { outbox, clock } = deps
  let stopped = false
  let round: Promise<void> | undefined
  let again = false

  async function sendOneByOne(): Promise<void> {
    while (!stopped) {
      const letter = outbox.take(clock.now())
      if (letter === undefined) return
      await send(deps, letter)
    }
  }

  async function run(): Promise<void> {
    do {
      again = false
      const all = await Promise.allSettled(Array.from({ length: AT_A_TIME }, sendOneByOne))
      const fault = all.find((one) => one.status === 'rejected')
      if (fault) throw fault.reason
    } while (again && !stopped)
  }

  return {
    deliver() {
      again = round !== undefined
      round ??= run().finally(() => {
        round = undefined
      })
      return round
    },
    async stop() {
      stopped = true
      await round?.catch(() => undefined) // whoever began it hears of it
    },
  }
}

async function send({ outbox, mailer, write, clock, log }: DeliveryDeps, letter: Letter) {
  const { barcode: item, tries } = letter
  const now = clock.now()
  // A link that no longer opens anything helps nobody.
  if (letter.endedAt !== null || letter.dueAt <= now) return outbox.drop(letter)
  const result = await mailer.send(write(letter, now))
  if (result.kind === 'sent') {
    outbox.drop(letter)
    log.info({ item }, 'mail.sent')
    return
  }
  const givenUp = tries > WAITS.length
  log.warn({ item, code: result.code, tries, givenUp }, 'mail.fail')
  if (givenUp) outbox.drop(letter)
}
