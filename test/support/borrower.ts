import { writeSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { databaseTrouble } from '../../src/db/trouble.ts'
import { parsePatronId } from '../../src/ids.ts'
import { borrow } from '../../src/loans/borrow.ts'
import { loanQueries } from '../../src/loans/queries.ts'
import { returnItem } from '../../src/loans/return.ts'
import { barcode, manifestsOf, openTestDb } from './lending.ts'

/**
 * A process of its own that borrows: `node borrower.ts once|loop FILE BARCODE PREFIX COUNT`.
 * `once`: each of COUNT patrons asks one time, all at the same instant that standard input names;
 * `loop`: they borrow and return until the process is killed. Each answer is written at once, as
 * `patron kind`, after it was given.
 */
const [mode, file, item, prefix, count] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
]

const lending = {
  loans: loanQueries(openTestDb(file)),
  manifests: manifestsOf(),
  clock: Date,
  reloanWaitMs: 0,
}
const patrons = Array.from(
  { length: Number(count) },
  (_, n) => parsePatronId(`${prefix}-${n}`, 'fold')!,
)
const say = (patron: string, kind: string) => writeSync(1, `${patron} ${kind}\n`)

if (mode === 'once') await once()
else await loop()

async function once(): Promise<void> {
  writeSync(1, 'ready\n')
  await new Promise((resolve) => process.stdin.once('data', resolve))
  await Promise.all(
    patrons.map(async (one) =>
      say(one, (await borrow(lending, barcode(item), one, 'patron')).kind),
    ),
  )
  process.exit(0)
}

async function loop(): Promise<never> {
  for (let round = 0; ; round++) {
    for (const one of patrons) {
      const patron = parsePatronId(`${one}-${round}`, 'fold')!
      await unlessBusy(async () => {
        const { kind } = await borrow(lending, barcode(item), patron, 'patron')
        say(patron, kind)
        if (kind !== 'borrowed') return
        // Long enough for others to have a copy at the same time.
        await wait(1)
        say(patron, returnItem(lending, barcode(item), patron).kind)
      })
      // Two writers that never rest would keep each other waiting past the busy timeout.
      await wait(1)
    }
  }
}

/** Waiting too long for other writers is a 503 to a patron: nothing was acknowledged. */
async function unlessBusy(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    if (databaseTrouble(cause) !== 'SQLITE_BUSY') throw cause
  }
}
