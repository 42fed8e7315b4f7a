import { execFile } from 'node:child_process'
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { readFacts } from '../../src/backup/pack.ts'
import { backupsIn, runBackup } from '../../src/backup/run.ts'
import { openAtStart } from '../../src/backup/start.ts'
import { HOUR } from '../../src/clock.ts'
import { newestVersion } from '../../src/db/migrate.ts'
import { testClock } from '../support/clock.ts'
import { testFolder } from '../support/folder.ts'
import { library, openTestDb } from '../support/lending.ts'
import { scriptFolder } from '../support/scripts.ts'

const ROOT = join(import.meta.dirname, '../..')
const MIGRATIONS = join(ROOT, 'src/db/migrations')

/** A library with one item that was in use, and a backup of it. */
async function usedLibrary() {
  const folder = testFolder()
  const paths = {
    databaseFile: join(folder, 'data/carrel.db'),
    backupDir: join(folder, 'backups'),
    keptDir: join(folder, 'data/kept-manifests'),
    clock: testClock(),
    settingsFile: undefined,
  }
  const { db, addItem } = library(paths.databaseFile)
  addItem('A')
  const backUp = async () => {
    const run = await runBackup({ ...paths, db, dir: paths.backupDir, reloanWaitMs: 0 })
    if (run.kind !== 'done') throw new Error(run.kind)
    paths.clock.t += 25 * HOUR
    return run.made.file
  }
  return { ...paths, db, backUp, start: () => openAtStart(paths) }
}

const DIBS =
  'create table item (x); create table loan (x); create table history (x); create table person (x)'

const DAMAGE: [string, (file: string) => void, RegExp][] = [
  ['4.5 zero bytes', (file) => writeFileSync(file, ''), /is empty/],
  ['4.5 not a database', (file) => writeFileSync(file, 'x'.repeat(8192)), /is damaged/],
  [
    '4.5 cut inside its last page',
    (file) => truncateSync(file, statSync(file).size - 1),
    /its end is missing/,
  ],
  [
    '4.5 whole pages missing',
    (file) => truncateSync(file, Math.floor(statSync(file).size / 8192) * 4096),
    /is damaged/,
  ],
  [
    '4.5 corrupt',
    (file) => {
      const sqlite = new Sqlite(file)
      const root = sqlite.prepare("select rootpage from sqlite_master where name = 'items'").pluck()
      const page = Number(root.get())
      sqlite.close()
      const bytes = readFileSync(file)
      writeFileSync(file, bytes.fill(0xa5, (page - 1) * 4096, (page - 1) * 4096 + 200))
    },
    /is damaged/,
  ],
]

describe('the start', () => {
  it.each(DAMAGE)(
    '%s: is refused, naming the file and the newest good backup',
    async (_, break_, words) => {
      const { db, backUp, start, databaseFile, backupDir } = await usedLibrary()
      const good = await backUp()
      const bad = await backUp()
      writeFileSync(bad, 'this backup was cut')
      db.$client.close()
      break_(databaseFile)
      const before = readFileSync(databaseFile)
      const refused = await start()
      if (refused.kind !== 'refused') throw new Error('a damaged database was opened')
      expect(refused.reason).toMatch(words)
      expect(refused.reason).toContain(`database ${databaseFile} is`)
      expect(refused.reason).toContain(`\`npm run restore -- ${good} --force\``)
      expect(readFileSync(databaseFile), 'it is left as it was').toEqual(before)
      rmSync(backupDir, { recursive: true })
      expect(await start()).toMatchObject({
        reason: expect.stringContaining(`there is no sound backup in ${backupDir}`),
      })
    },
  )
  it('4.5 DIBS database: is refused, and named as what it is', async () => {
    const { db, start, databaseFile } = await usedLibrary()
    db.$client.close()
    rmSync(databaseFile)
    new Sqlite(databaseFile).exec(DIBS).close()
    expect(await start()).toEqual({
      kind: 'refused',
      reason: `${databaseFile}: this is a DIBS database: give DATABASE_FILE another name and run \`npm run import-dibs -- ${databaseFile}\``,
    })
  })

  it('4.5 not a database of Carrel: is refused, and nothing is written into it', async () => {
    const { db, start, databaseFile } = await usedLibrary()
    db.$client.close()
    rmSync(databaseFile)
    new Sqlite(databaseFile).exec('create table t (x)').close()
    const before = readFileSync(databaseFile)
    expect(await start()).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/not a database of Carrel: give DATABASE_FILE another name/),
    })
    expect(readFileSync(databaseFile)).toEqual(before)
  })

  it('4.5 schema newer: is refused, and asks for the newer Carrel', async () => {
    const { db, start } = await usedLibrary()
    db.$client.pragma('user_version = 999')
    db.$client.close()
    expect(await start()).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/newer Carrel \(schema 999\): install that one/),
    })
  })

  it('4.5 schema older: is backed up first, then brought up to date, by the server only', async () => {
    const { folder, database, run } = scriptFolder()
    const oldest = new Sqlite(database)
    const migration = readdirSync(MIGRATIONS).sort()[0]!
    oldest.exec(readFileSync(join(MIGRATIONS, migration), 'utf8'))
    oldest.exec("insert into items values ('A','T','A','','','','','','','',1,2,1,0)")
    oldest.pragma('application_id = 0x4352524c')
    oldest.pragma('user_version = 1')
    oldest.close()
    expect(await run('items', 'list')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/of an older Carrel \(schema 1\): start the server once/),
    })
    const paths = { databaseFile: database, keptDir: join(folder, 'kept'), settingsFile: undefined }
    const backupDir = join(folder, 'data/backups')
    const started = await openAtStart({ ...paths, backupDir, clock: testClock() })
    if (started.kind !== 'open') throw new Error(started.reason)
    expect(started.db.$client.pragma('user_version', { simple: true })).toBe(newestVersion())
    started.db.$client.close()
    expect(started.broughtUp).toMatchObject({ from: 1 })
    expect((await readFacts(started.broughtUp!.backup)).schema).toBe(1)
    expect(await backupsIn(backupDir)).toHaveLength(1)
    const again = await openAtStart({ ...paths, backupDir, clock: testClock() })
    if (again.kind !== 'open') throw new Error(again.reason)
    again.db.$client.close()
    expect([again.broughtUp, (await backupsIn(backupDir)).length]).toEqual([undefined, 1])
  })

  it('4.5 schema older: stays as it was when a migration fails in the middle', () => {
    const file = join(testFolder(), 'carrel.db')
    const old = new Sqlite(file)
    // The third migration meets a table of its own name.
    for (const migration of readdirSync(MIGRATIONS).sort().slice(0, 2)) {
      old.exec(readFileSync(join(MIGRATIONS, migration), 'utf8'))
    }
    old.exec('create table item_words (in_the_way)')
    old.pragma('application_id = 0x4352524c')
    old.pragma('user_version = 2')
    const tables = 'select name, sql from sqlite_master order by name'
    const before = old.prepare(tables).all()
    old.close()
    expect(() => openTestDb(file)).toThrow(/item_words already exists/)
    const after = new Sqlite(file, { readonly: true })
    expect(after.prepare(tables).all()).toEqual(before)
    expect(after.pragma('user_version', { simple: true })).toBe(2)
    after.close()
  })

  it('4.5 missing: no empty database is made in the place of one that has backups', async () => {
    const { db, backUp, start, databaseFile, backupDir } = await usedLibrary()
    const backup = await backUp()
    db.$client.close()
    rmSync(databaseFile)
    expect(await start()).toEqual({
      kind: 'refused',
      reason: `there is no database ${databaseFile}, but backups of one: restore the newest sound backup by \`npm run restore -- ${backup}\`; to begin with an empty one, give BACKUP_DIR another name`,
    })
    expect(existsSync(databaseFile)).toBe(false)
    rmSync(backupDir, { recursive: true })
    const first = await start()
    if (first.kind !== 'open') throw new Error(first.reason)
    first.db.$client.close()
  })

  it('4.5 missing folder: is refused in words, and nothing is made where a disk may be missing', async () => {
    const folder = testFolder()
    const refused = await openAtStart({
      databaseFile: join(folder, 'disk/carrel/carrel.db'),
      backupDir: join(folder, 'backups'),
      keptDir: join(folder, 'kept'),
      clock: testClock(),
      settingsFile: undefined,
    })
    expect(refused).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/no folder .*disk\/carrel: is its disk there\?/),
    })
    expect(readdirSync(folder)).toEqual([])
  })

  it('4.5 corrupt: the command that the start names mends it', async () => {
    const { folder, database, run } = scriptFolder('BACKUP_DIR = backups')
    const { db, addItem } = library(database)
    addItem('A')
    db.$client.close()
    expect(await run('backup')).toMatchObject({ code: 0 })
    truncateSync(database, 5000)
    const server = await runServer(folder)
    const [, command = ''] = /`npm run restore -- (.*)`/.exec(server.err) ?? []
    expect([server.code, command]).toEqual([1, expect.stringMatching(/carrel-.*\.zip --force$/)])
    expect(await run('restore', ...command.split(' '))).toMatchObject({ code: 0 })
    const mended = openTestDb(database)
    expect(mended.$client.prepare('select barcode from items').pluck().all()).toEqual(['A'])
    mended.$client.close()
  })
})

/** Only for a start that is refused: it is over at once. */
function runServer(cwd: string): Promise<{ code: number; err: string }> {
  return new Promise((resolve) => {
    const options = { cwd, env: { PATH: process.env.PATH }, timeout: 20_000 }
    execFile(process.execPath, [join(ROOT, 'src/server.ts')], options, (fault, _, err) => {
      resolve({ code: fault === null ? 0 : Number(fault.code), err })
    })
  })
}
