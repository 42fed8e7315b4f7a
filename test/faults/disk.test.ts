import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { testFolder } from '../support/folder.ts'
import { checkInvariants } from '../support/invariants.ts'
import { freePort, type Site, startSite } from '../support/site.ts'
import { canMount, smallDisk } from '../support/small-disk.ts'

const ROOT = join(import.meta.dirname, '../..')
const TILE = '/iiif/A/1/0,0,512,512/512,512/0/default.jpg'

/** Somebody reads, while nothing can be written. */
async function readerGoesOn(site: Pick<Site, 'as'>): Promise<void> {
  for (const path of [
    '/view/A',
    '/manifests/A',
    TILE,
    '/iiif/A/1/512,0,256,256/256,256/0/default.jpg',
  ]) {
    expect((await site.as('ann', path)).status, path).toBe(200)
  }
  expect((await site.as('bob', '/item/A')).status).toBe(200)
}

async function nothingIsRecorded(answer: Response): Promise<void> {
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2'])
  expect(await answer.text()).toContain('nothing was changed')
}

/** One reader after another borrows, until nothing can be recorded any more. @returns who did */
async function untilRefused(borrow: (who: string) => Promise<Response>): Promise<string[]> {
  const lent: string[] = []
  for (;;) {
    const who = `reader-${lent.length}`
    const answer = await borrow(who)
    if (answer.status !== 303) {
      await nothingIsRecorded(answer)
      return lent
    }
    lent.push(who)
  }
}

/** A site at which ann reads and bob would like to. */
async function readingSite(): Promise<Site> {
  const site = await startSite()
  await site.addItem('A', { copies: 99, pages: 1 })
  expect((await site.post('ann', '/loan', { barcode: 'A' })).status).toBe(303)
  return site
}

describe('a database that cannot be written', () => {
  it('4.5 full disk: loans and returns are refused in words, reading goes on, and it mends itself', async () => {
    const site = await readingSite()
    const sql = site.db.$client
    const pages = sql.pragma('page_count', { simple: true })
    sql.pragma(`max_page_count = ${pages}`)
    const filler = sql.prepare(
      "insert into audit (at, staff, act, barcode) values (1, 'x', ?, 'A')",
    )
    expect(() => {
      for (;;) filler.run('y'.repeat(200))
    }).toThrow(/full/)
    // The page that loans are written on has room for some yet.
    const lent = await untilRefused((who) => site.post(who, '/loan', { barcode: 'A' }))
    expect(lent.length).toBeLessThan(90)
    expect(site.log).toContainEqual(
      expect.objectContaining({ msg: 'db.fault', code: 'SQLITE_FULL' }),
    )
    await readerGoesOn(site)
    checkInvariants(sql)
    sql.pragma('max_page_count = 1000000')
    expect((await site.post('bob', '/loan', { barcode: 'A' })).status).toBe(303)
    expect((await site.post('ann', '/return/A')).status).toBe(303)
  })

  it('4.5 read-only: loans and returns are refused in words, reading goes on, and it mends itself', async () => {
    const site = await readingSite()
    site.db.$client.pragma('query_only = ON')
    await nothingIsRecorded(await site.post('bob', '/loan', { barcode: 'A' }))
    await nothingIsRecorded(await site.post('ann', '/return/A'))
    expect(site.log).toContainEqual(
      expect.objectContaining({ msg: 'db.fault', code: 'SQLITE_READONLY' }),
    )
    await readerGoesOn(site)
    site.db.$client.pragma('query_only = OFF')
    expect((await site.post('ann', '/return/A')).status).toBe(303)
  })

  it('4.5 locked by another writer: readers are served meanwhile; 503 after two seconds, or the loan when it is over', async () => {
    const site = await readingSite()
    const other = new Sqlite(site.settings.databaseFile)
    other.exec('begin immediate')
    const began = performance.now()
    let isAnswered = false
    const refused = site.post('bob', '/loan', { barcode: 'A' }).finally(() => {
      isAnswered = true
    })
    await pause(50)
    await readerGoesOn(site)
    expect(isAnswered, 'the reader did not wait for the writer').toBe(false)
    await nothingIsRecorded(await refused)
    expect(performance.now() - began).toBeGreaterThan(1900)
    expect(site.log.map(({ msg }) => msg)).toContain('db.busy')
    const waiting = site.post('bob', '/loan', { barcode: 'A' })
    await pause(300)
    other.exec('rollback')
    other.close()
    expect((await waiting).status).toBe(303)
  })
})

/** A folder with settings, and a database with item A, of 99 copies. */
async function preparedFolder(): Promise<{ folder: string; url: string; send: Site['as'] }> {
  const site = await startSite()
  await site.addItem('A', { copies: 99, pages: 1 })
  await site.stop()
  const folder = join(site.settings.file ?? '', '..')
  const send: Site['as'] = (name, path, init = {}) =>
    fetch(`${site.url}${path}`, {
      redirect: 'manual',
      ...init,
      headers: { ...(name === undefined ? {} : { REMOTE_USER: name }), ...init.headers },
    })
  return { folder, url: site.url, send }
}

/** Until the server answers: its one line is not always to be had. */
async function untilItListens(url: string): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer !== undefined) return
    await pause(50)
  }
  throw new Error(`nobody listens on ${url}`)
}

const borrowing = (url: string) => ({
  method: 'POST',
  body: new URLSearchParams({ barcode: 'A' }),
  headers: { origin: url },
})

describe('a real file system', () => {
  it('4.5 full disk: no acknowledged loan is lost on a file system of 4 MB that fills up', async () => {
    // Where nobody may mount, the page limit above has to do.
    if (!canMount) return
    const { folder, url, send } = await preparedFolder()
    const disk = await smallDisk(4, folder)
    await disk.run(`'${process.execPath}' '${ROOT}/src/server.ts' >/dev/null & SERVER=$!`)
    await untilItListens(url)
    const borrow = (who: string) => send(who, '/loan', borrowing(url))
    const lent: string[] = []
    expect((await borrow('ann')).status).toBe(303)
    lent.push('ann')
    await disk.run('head -c 9000000 /dev/zero > filler 2>/dev/null')
    lent.push(...(await untilRefused(borrow)))
    await readerGoesOn({ as: send })
    await disk.run('rm filler')
    expect((await borrow('bob')).status, 'it mends itself').toBe(303)
    lent.push('bob')
    await disk.run(`kill -9 $SERVER; wait $SERVER 2>/dev/null; cp data/carrel.db* '${folder}/data'`)
    const sqlite = new Sqlite(join(folder, 'data/carrel.db'))
    expect(sqlite.prepare('select patron from loans order by id').pluck().all()).toEqual(lent)
    checkInvariants(sqlite)
    sqlite.close()
  })

  it('4.5 read-only: the start is refused in words on a file system that is read-only', async () => {
    if (!canMount) return
    const { folder } = await preparedFolder()
    const disk = await smallDisk(4, folder)
    await disk.run(`mount -o remount,ro '${disk.path}'`)
    const told = await disk.run(`'${process.execPath}' '${ROOT}/src/server.ts' 2>&1; echo exit $?`)
    expect(told).toMatch(
      /^database .*carrel\.db: .*: let the account that runs Carrel write the file/,
    )
    expect(told.trim().split('\n')).toEqual([expect.anything(), 'exit 1'])
  })

  it('4.4 thumbnail write: on a full disk the old cover stays and nothing half written is left', async () => {
    if (!canMount) return
    const disk = await smallDisk(1, testFolder())
    const program = `import { writeWhole } from '${ROOT}/src/durable.ts'
      await writeWhole('cover.jpg', 'old')
      await writeWhole('cover.jpg', Buffer.alloc(2000000)).catch((fault) => console.log(fault.code))`
    expect(
      await disk.run(
        `'${process.execPath}' --input-type=module -e "${program}"; cat cover.jpg; ls -A`,
      ),
    ).toBe('ENOSPC\noldcover.jpg\n')
  })
})

describe('the log', () => {
  async function serverWith(
    stdout: 'pipe' | number,
  ): Promise<{ child: ChildProcess; url: string }> {
    const folder = testFolder()
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const ini = `[carrel]\nBASE_URL = ${url}\nPORT = ${port}\nRUN_MODE = verbose\n`
    writeFileSync(join(folder, 'settings.ini'), ini)
    const child = spawn(process.execPath, [join(ROOT, 'src/server.ts')], {
      cwd: folder,
      env: { PATH: process.env.PATH },
      stdio: ['ignore', stdout, 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    return { child, url }
  }

  async function goesOn(child: ChildProcess, url: string): Promise<void> {
    await untilItListens(url)
    for (let n = 0; n < 200; n++) expect((await fetch(`${url}/about`)).status).toBe(200)
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
  }

  it('4.7 stdout closed: the service goes on, and ends as it should', async () => {
    const { child, url } = await serverWith('pipe')
    child.stdout?.destroy()
    await goesOn(child, url)
  })

  it('4.7 log disk full: the service goes on, and ends as it should', async () => {
    const { child, url } = await serverWith(openSync('/dev/full', 'w'))
    await goesOn(child, url)
  })
})

it('4.6 loan granted but response lost: the loan is there, and sending again leads to it', async () => {
  const site = await startSite()
  await site.addItem('A', { convert: true, pages: 1 })
  const gone = new AbortController()
  const lost = site
    .as('ann', '/loan', { ...borrowing(site.url), signal: gone.signal })
    .catch(() => 'lost')
  while (site.log.every(({ msg }) => msg !== 'loan.borrow')) await pause(1)
  gone.abort()
  await lost
  expect((await site.as('ann', '/view/A')).status).toBe(200)
  const again = await site.post('ann', '/loan', { barcode: 'A' })
  expect(again.headers.get('location')).toBe('/view/A')
  expect(site.db.$client.prepare('select count(*) from loans').pluck().get()).toBe(1)
})
