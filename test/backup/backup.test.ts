import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeBackup } from '../../src/backup/make.ts'
import { type BackupRun, backupsIn, runBackup } from '../../src/backup/run.ts'
import { HOUR, MINUTE } from '../../src/clock.ts'
import { borrow } from '../../src/loans/borrow.ts'
import { returnItem } from '../../src/loans/return.ts'
import { takeLock } from '../../src/lock.ts'
import { testFolder } from '../support/folder.ts'
import { library, patron, RELOAN_WAIT_MS } from '../support/lending.ts'

const CANARY = 'canary-7f3a@example.org'

function backedUpLibrary() {
  const folder = testFolder()
  const dir = join(folder, 'backups')
  const made = library(join(folder, 'carrel.db'))
  const keptDir = join(folder, 'kept-manifests')
  const options = { ...made, keptDir, dir, reloanWaitMs: RELOAN_WAIT_MS }
  const run = async () => {
    const done = await runBackup(options)
    if (done.kind !== 'done') throw new Error(done.kind)
    return done as Extract<BackupRun, { kind: 'done' }>
  }
  return { ...made, dir, options, run, keptDir }
}

const bytesOf = (dir: string) =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path))

const holds = (dir: string, text: string) => bytesOf(dir).some((bytes) => bytes.includes(text))

describe('a backup', () => {
  it('names the patrons of open and cooling-off loans, and only its owner may read it', async () => {
    const { lending, addItem, run, dir, clock, db } = backedUpLibrary()
    await borrow(lending, addItem('A'), patron(CANARY), 'patron')
    await borrow(lending, addItem('B'), patron('ben'), 'patron')
    clock.t += MINUTE
    returnItem(lending, addItem('B'), patron('ben'))
    const { made } = await run()
    expect(made.facts).toMatchObject({ patrons: 2, counts: { items: 2, loans: 2, people: 0 } })
    expect(holds(dir, CANARY)).toBe(true)
    expect(statSync(made.file).mode & 0o777).toBe(0o600)
    expect(made.withoutManifest).toEqual(['A'])
    db.$client.close()
  })

  it('1.7 backups: forgets, at the next run, every patron whose cooling-off period is over', async () => {
    const { lending, addItem, run, dir, clock, db } = backedUpLibrary()
    await borrow(lending, addItem('A'), patron(CANARY), 'patron')
    await borrow(lending, addItem('B', { hours: '40' }), patron('slow-reader'), 'patron')
    await run()
    clock.t += 2 * HOUR + 29 * MINUTE
    const { made, forgotten: none } = await run()
    expect(none).toEqual([])
    expect(holds(dir, CANARY), 'the name must be there before it can be gone').toBe(true)

    // The database itself forgets by its sweep; here it still names the patron.
    lending.loans.stampAllOverdue(clock.now())
    clock.t += MINUTE
    lending.loans.forgetEndedBy(clock.now() - RELOAN_WAIT_MS)
    clock.t += 24 * HOUR
    const { forgotten } = await run()
    expect(forgotten).toEqual([{ file: made.file, loans: 1 }])
    expect(holds(dir, CANARY)).toBe(false)
    expect(holds(dir, 'slow-reader')).toBe(true)
    clock.t += 24 * HOUR
    lending.loans.stampAllOverdue(clock.now())
    lending.loans.forgetEndedBy(clock.now() - RELOAN_WAIT_MS)
    await run()
    expect(holds(dir, 'slow-reader')).toBe(false)
    db.$client.close()
  })

  it('says which older backup is damaged, and makes the new one all the same', async () => {
    const { lending, addItem, run, clock, db } = backedUpLibrary()
    await borrow(lending, addItem('A'), patron(CANARY), 'patron')
    const { made } = await run()
    const bytes = readFileSync(made.file)
    bytes.writeUInt8(bytes.readUInt8(9000) ^ 1, 9000)
    writeFileSync(made.file, bytes)
    clock.t += 24 * HOUR
    const second = await run()
    expect(second.faults).toEqual([expect.stringContaining('carrel.db in it is not as it was')])
    expect(second.made.file).not.toBe(made.file)
    db.$client.close()
  })

  it('4.5 backup: leaves nothing half made behind, not even what a killed run left', async () => {
    const { addItem, run, options, dir, db, keptDir, clock } = backedUpLibrary()
    addItem('A')
    await expect(
      makeBackup(db, keptDir, join(dir, 'no', 'such'), join(dir, '.scratch'), clock.now()),
    ).rejects.toThrow(/ENOENT/)
    const lock = takeLock(dir, 'backup')
    expect(await runBackup(options)).toMatchObject({ kind: 'busy', pid: process.pid })
    if (lock.kind === 'held') lock.release()
    const { made } = await run()
    expect(readdirSync(dir).sort()).toEqual(['.locks', made.file.split('/').at(-1)])
    expect(await backupsIn(dir)).toEqual([made.file])
    db.$client.close()
  })
})
