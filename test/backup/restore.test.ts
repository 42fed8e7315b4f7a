import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { borrow } from '../../src/loans/borrow.ts'
import { versionOf } from '../../src/manifests/current.ts'
import { library, openTestDb, patron } from '../support/lending.ts'
import { scriptFolder } from '../support/scripts.ts'

const BORROWER = join(import.meta.dirname, '../support/borrower.ts')

const onlyBackup = (folder: string) => {
  const dir = join(folder, 'data/backups')
  const [name] = readdirSync(dir).filter((one) => one.endsWith('.zip'))
  return join(dir, name!)
}

function rows(file: string, sql: string): unknown[] {
  const sqlite = new Sqlite(file, { readonly: true })
  try {
    return sqlite.prepare(sql).all()
  } finally {
    sqlite.close()
  }
}

describe('backup and restore', () => {
  it('4.5 backup: lose nothing that was acknowledged before, though patrons borrow meanwhile', async () => {
    const { folder, database, run } = scriptFolder()
    const { addItem, db } = library(database)
    addItem('A', { copies: 3 })
    db.$client.close()
    const borrowers = [0, 1].map((n) => {
      const child = spawn(process.execPath, [BORROWER, 'loop', database, 'A', `p${n}`, '3'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      onTestFinished(() => void child.kill('SIGKILL'))
      let output = ''
      child.stdout.on('data', (chunk) => {
        output += chunk
      })
      return { child, lines: () => output.split('\n').slice(0, -1) }
    })
    await Promise.all(borrowers.map(({ child }) => once(child.stdout, 'data')))
    await wait(200)
    const acknowledged = borrowers.flatMap(({ lines }) => lines())
    expect(await run('backup')).toMatchObject({ code: 0, err: '' })
    const later = borrowers.flatMap(({ lines }) => lines())
    for (const { child } of borrowers) child.kill('SIGKILL')
    expect(later.length, 'they must go on during the backup').toBeGreaterThan(acknowledged.length)

    const other = scriptFolder()
    const { code, out } = await other.run('restore', join(folder, 'data/backups'), '--json')
    expect([code, JSON.parse(out).databaseFile]).toEqual([0, other.database])
    const loans = rows(other.database, 'select patron, ended_by from loans') as {
      patron: string
      ended_by: string
    }[]
    const endedBy = new Map(loans.map((loan) => [loan.patron, loan.ended_by]))
    const told = (kind: string) =>
      acknowledged.filter((line) => line.endsWith(` ${kind}`)).map((line) => line.split(' ')[0]!)
    expect(told('returned').length, 'the test must see some loans').toBeGreaterThan(10)
    expect(told('borrowed').filter((who) => !endedBy.has(who))).toEqual([])
    expect(told('returned').filter((who) => endedBy.get(who) !== 'reader')).toEqual([])
    openTestDb(other.database).$client.close()
  })

  it('bring the manifests of running loans along', async () => {
    const { folder, database, run } = scriptFolder()
    const { addItem, db, lending } = library(database)
    const bytes = '{"a":"manifest"}'
    const version = versionOf(Buffer.from(bytes))
    const manifests = {
      ...lending.manifests,
      current: async () => ({ kind: 'valid', version }) as const,
    }
    await borrow({ ...lending, manifests, clock: Date }, addItem('A'), patron('ann'), 'patron')
    mkdirSync(join(folder, 'kept-manifests'))
    writeFileSync(join(folder, `kept-manifests/A.${version}.json`), bytes)
    writeFileSync(join(folder, 'kept-manifests/B.0123456789abcdef.json'), 'nobody reads it')
    db.$client.close()
    expect(await run('backup')).toMatchObject({ code: 0, err: '' })
    const other = scriptFolder()
    expect(await other.run('restore', onlyBackup(folder))).toMatchObject({ code: 0 })
    expect(readdirSync(join(other.folder, 'kept-manifests'))).toEqual([`A.${version}.json`])
    expect(readFileSync(join(other.folder, `kept-manifests/A.${version}.json`), 'utf8')).toBe(bytes)
  })

  it('refuse a damaged backup in words, wherever the damage is', async () => {
    const { folder, database, run } = scriptFolder()
    const { addItem, db } = library(database)
    addItem('A')
    db.$client.close()
    await run('backup')
    const file = onlyBackup(folder)
    const whole = readFileSync(file)
    const other = scriptFolder()
    for (const place of [60, whole.indexOf('Title of A'), whole.length - 5]) {
      const bytes = Buffer.from(whole)
      bytes.writeUInt8(bytes.readUInt8(place) ^ 0x20, place)
      writeFileSync(file, bytes)
      expect(await other.run('restore', file), `byte ${place}`).toMatchObject({
        code: 1,
        err: expect.stringMatching(/\.zip is damaged: .*; nothing was changed\n$/),
      })
    }
    writeFileSync(file, whole)
    truncateSync(file, whole.length - 5000)
    expect(await other.run('restore', file)).toMatchObject({ code: 1 })
    writeFileSync(file, 'no zip')
    expect(await other.run('restore', file)).toMatchObject({ code: 1 })
    expect(existsSync(other.database)).toBe(false)
    expect(await other.run('restore', join(folder, 'none'))).toMatchObject({
      code: 1,
      err: expect.stringMatching(/there is no backup/),
    })
  })

  it('keep the old database, and leave one alone that a process has open', async () => {
    const { folder, database, run } = scriptFolder()
    const { addItem, db } = library(database)
    addItem('A')
    await run('backup')
    addItem('B')
    const backup = onlyBackup(folder)
    expect(await run('restore', backup)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/carrel\.db is there: --force puts it aside/),
    })
    expect(await run('restore', backup, '--force')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/carrel\.db is in use: stop the server first/),
    })
    expect(rows(database, 'select barcode from items')).toHaveLength(2)
    db.$client.close()
    expect(await run('restore', backup, '--force')).toMatchObject({ code: 0, err: '' })
    expect(rows(database, 'select barcode from items')).toEqual([{ barcode: 'A' }])
    const [aside] = readdirSync(folder).filter((name) => name.includes('before-restore'))
    expect(rows(join(folder, aside!), 'select barcode from items')).toHaveLength(2)
  })

  it('put a damaged database aside when told to', async () => {
    const { folder, database, run } = scriptFolder()
    const { addItem, db } = library(database)
    addItem('A')
    db.$client.close()
    await run('backup')
    writeFileSync(database, 'garbage '.repeat(1000))
    expect(await run('backup')).toMatchObject({ code: 1 })
    expect(await run('restore', onlyBackup(folder), '--force')).toMatchObject({ code: 0 })
    expect(rows(database, 'select barcode from items')).toEqual([{ barcode: 'A' }])
    expect(readdirSync(folder).filter((name) => name.includes('before-restore'))).toHaveLength(1)
  })

  it('explain themselves and refuse to guess', async () => {
    const { run } = scriptFolder()
    for (const script of ['backup', 'restore']) {
      expect(await run(script, '--help')).toMatchObject({ code: 0, err: '' })
      expect(await run(script, '--frobnicate')).toMatchObject({ code: 2 })
    }
    expect(await run('restore')).toMatchObject({ code: 2 })
    expect(await run('backup')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^there is no database/),
    })
  })
})
