import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditIn } from '../src/audit/audit.ts'
import type { Db } from '../src/db/open.ts'
import { parseItemDraft } from '../src/items/draft.ts'
import { itemsIn } from '../src/items/items.ts'
import { peopleIn } from '../src/people/people.ts'
import { convertScans } from '../src/scans/convert.ts'
import { loadSettings } from '../src/settings.ts'
import { freePort } from './support/free-port.ts'
import { barcode, openTestDb, patron } from './support/lending.ts'
import { paintScans } from './support/paint.ts'

const SERVER = join(import.meta.dirname, '../src/server.ts')
const TOKEN = 'a-token-for-the-tests'
const WAYS = 8
const SOON = { timeout: 20_000 }
const TILE = '0,0,512,512/512,/0/default.jpg'

interface Answer {
  readonly status: number
  readonly text: string
  readonly location: string
}

interface Running {
  readonly folder: string
  readonly url: string
  readonly db: Db
  readonly main: ChildProcess
  log(msg: string): { [key: string]: unknown }[]
  /** The processes that answer readers now. */
  workers(): number[]
  /**
   * Sends a request for this person over the way of this number: each is a connection that is kept,
   * and Node hands them to the workers in turn.
   */
  ask(way: number, who: string, path: string, fields?: Record<string, string>): Promise<Answer>
  /** The same over each way, one after the other. */
  askAll(who: string, path: string): Promise<number[]>
  stop(): Promise<number | null>
}

/** Carrel in real processes, two of them for readers, with ready items of these numbers of pages. */
async function start(items: Record<string, number>, more = ''): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'carrel-test-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  writeFileSync(
    join(folder, 'settings.ini'),
    `[carrel]\nBASE_URL = ${url}\nPORT = ${port}\nWORKERS = 2\nMETRICS_TOKEN = ${TOKEN}\n${more}\n`,
  )
  const reading = loadSettings({ cwd: folder, env: {} })
  if (reading.kind === 'faults') throw new Error(reading.faults.join('\n'))
  const { settings } = reading
  const db = openTestDb(settings.databaseFile)
  peopleIn(db).addStaff(patron('lee'))
  for (const [name, pages] of Object.entries(items)) {
    const item = barcode(name)
    const draft = parseItemDraft({ barcode: name, title: name, copies: '2', loanHours: '1' })
    if (draft.kind === 'faults') throw new Error(JSON.stringify(draft.faults))
    itemsIn(db).add(draft.draft, Date.now())
    itemsIn(db).setReady(item, true)
    await paintScans(settings.scansDir, item, pages)
    await convertScans(item, { ...settings, presentation: 3, clock: Date })
  }
  const main = spawn(process.execPath, [SERVER], {
    cwd: folder,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  main.stdout.on('data', (chunk) => (output += chunk))
  while (!output.includes('Carrel listens on')) await once(main.stdout, 'data')
  const agents = Array.from({ length: WAYS }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
  const ask: Running['ask'] = (way, who, path, fields) =>
    send(url, agents[way % WAYS], who, path, fields && String(new URLSearchParams(fields)))
  return {
    folder,
    url,
    db,
    main,
    ask,
    log: (msg) =>
      output
        .split('\n')
        .filter((line) => line.includes(`"${msg}"`))
        .map((line) => JSON.parse(line)),
    workers: () => childrenOf(main.pid),
    async askAll(who, path) {
      const statuses: number[] = []
      for (let way = 0; way < WAYS; way++) statuses.push((await ask(way, who, path)).status)
      return statuses
    },
    async stop() {
      for (const agent of agents) agent.destroy()
      if (main.exitCode === null && main.signalCode === null) {
        const ended = once(main, 'exit')
        main.kill('SIGTERM')
        await ended
      }
      db.$client.close()
      rmSync(folder, { recursive: true, force: true })
      return main.exitCode
    },
  }
}

function childrenOf(pid = 0): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.split(' ').filter(Boolean).map(Number)
}

function isAlive(pid: number): boolean {
  try {
    // A zombie is dead, and only waits for whoever inherited it.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

function send(
  url: string,
  agent: Agent | undefined,
  who: string,
  path: string,
  body?: string,
  type = 'application/x-www-form-urlencoded',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, {
      agent,
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        REMOTE_USER: who,
        origin: url,
        ...(path === '/metrics' && { authorization: `Bearer ${TOKEN}` }),
        ...(body !== undefined && { 'content-type': type }),
      },
    })
    sent.on('error', reject)
    sent.on('response', (answer) => {
      let text = ''
      answer.setEncoding('latin1').on('data', (chunk) => (text += chunk))
      answer.on('error', reject).on('end', () => {
        resolve({ status: answer.statusCode ?? 0, text, location: answer.headers.location ?? '' })
      })
    })
    sent.end(body)
  })
}

const all = (status: number) => Array<number>(WAYS).fill(status)

function multipart(csv: string): { body: string; type: string } {
  const head = 'Content-Disposition: form-data; name="csv"; filename="list.csv"'
  return {
    body: `--limit\r\n${head}\r\nContent-Type: text/csv\r\n\r\n${csv}\r\n--limit--\r\n`,
    type: 'multipart/form-data; boundary=limit',
  }
}

describe('two workers', () => {
  let site: Running
  beforeAll(async () => {
    site = await start(
      { A: 1, B: 6, C: 1 },
      'READ_BURST = 200\nREAD_PER_SECOND = 0.1\nPAGES_PER_HOUR = 4\nRELOAN_WAIT_TIME = 0',
    )
  })
  afterAll(() => site.stop())

  it('obey a return through one by the very next request in the other', async () => {
    expect(site.workers()).toHaveLength(2)
    for (let round = 0; round < WAYS; round++) {
      const reader = `reader-${round}`
      expect((await site.ask(round, reader, '/loan', { barcode: 'A' })).location).toBe('/view/A')
      expect(await site.askAll(reader, `/iiif/A/1/${TILE}`)).toEqual(all(200))
      expect((await site.ask(round + 1, reader, '/return/A', {})).status).toBe(303)
      expect(await site.askAll(reader, `/iiif/A/1/${TILE}`)).toEqual(all(403))
      expect(await site.askAll(reader, '/manifests/A')).toEqual(all(403))
    }
  })

  it('keep one pace for a loan, and count its pages once', async () => {
    await site.ask(0, 'bob', '/loan', { barcode: 'B' })
    const pages = Array.from({ length: 6 }, (_, n) => `/iiif/B/${n + 1}/${TILE}`)
    const first = []
    for (const [way, page] of pages.entries()) first.push((await site.ask(way, 'bob', page)).status)
    expect(first).toEqual([200, 200, 200, 200, 429, 429])
    expect(await site.askAll('bob', `/iiif/B/1/${TILE}`)).toEqual(all(200))
    const flood = await Promise.all(
      Array.from({ length: 400 }, (_, n) => site.ask(n, 'bob', `/iiif/B/1/${TILE}`)),
    )
    const letThrough = flood.filter(({ status }) => status === 200).length
    expect(letThrough).toBeGreaterThan(140)
    expect(letThrough).toBeLessThanOrEqual(200)
    // Once for pages, once for requests, whichever worker it was.
    expect(site.log('loan.too-fast')).toHaveLength(2)
    const notes = auditIn(site.db).before(undefined, 100)
    expect(notes.filter(({ act }) => act === 'slow-down')).toHaveLength(2)
  })

  it('have their numbers added up, and those of the database not', async () => {
    const route = 'carrel_answers_total{route="/iiif/:barcode/:number/*",status="200"}'
    const number = async (way: number, name: string) => {
      const { text } = await site.ask(way, 'ann', '/metrics')
      return Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.slice(name.length),
      )
    }
    await site.ask(0, 'ann', '/loan', { barcode: 'A' })
    const before = await number(0, route)
    expect(await site.askAll('ann', `/iiif/A/1/${TILE}`)).toEqual(all(200))
    expect([await number(0, route), await number(1, route)]).toEqual([before + WAYS, before + WAYS])
    expect(await number(0, 'carrel_items')).toBe(3)
    expect(await number(1, 'carrel_open_loans')).toBe(2)
    await expect
      .poll(async () => (await site.ask(0, 'lee', '/stats')).text, SOON)
      .toMatch(/requests?/)
    await site.ask(0, 'ann', '/return/A', {})
  })

  it('name a patron in the log by one code, and note a preview once', async () => {
    for (const item of ['A', 'B'])
      expect(await site.askAll('lee', `/preview/${item}`)).toEqual(all(200))
    // B first asked of the other worker: their lines must agree all the same.
    await site.ask(1, 'lee', '/preview/C')
    await site.ask(2, 'lee', '/loan', { barcode: 'C' })
    await expect.poll(() => site.log('preview'), SOON).toHaveLength(3)
    const codes = [...site.log('preview'), ...site.log('loan.borrow').slice(-1)]
    expect(new Set(codes.map((line) => line.patron)).size).toBe(1)
    expect(JSON.stringify(codes)).not.toContain('lee')
    const notes = auditIn(site.db).before(undefined, 100)
    expect(notes.filter(({ act }) => act === 'preview')).toHaveLength(3)
  })

  it('show a list of items and its progress whichever is asked', async () => {
    const { body, type } = multipart('barcode,title,copies,hours\n0042,Optics,1,1\n')
    const { location } = await send(site.url, undefined, 'lee', '/bulk', body, type)
    expect(location).toMatch(/^\/bulk\/./)
    for (let way = 0; way < WAYS; way++) {
      expect((await site.ask(way, 'lee', location)).text).toContain('Will be added')
    }
    expect((await site.ask(1, 'lee', location, {})).status).toBe(303)
    await expect
      .poll(async () => (await site.ask(2, 'lee', location)).text, SOON)
      .toContain('data-progress="done"')
    expect(await site.askAll('ann', '/item/0042')).toEqual(all(200))
  })

  it('refuse an upload that is too large in words, and what a stranger says of himself', async () => {
    const { body, type } = multipart('x'.repeat(8 * 1024 * 1024))
    const large = await send(site.url, undefined, 'lee', '/bulk', body, type)
    expect([large.status, large.text]).toEqual([
      400,
      expect.stringMatching('must be 1 MB or smaller'),
    ])
    expect((await send(site.url, undefined, 'ann', '/bulk', body, type)).status).toBe(403)
    expect((await site.ask(0, 'ann', '/nowhere')).status).toBe(404)
    expect((await site.ask(0, 'ann', '/stats')).status).toBe(403)
  })

  it('are replaced when killed, and nothing acknowledged is lost', async () => {
    const before = site.workers()
    expect((await site.ask(0, 'carl', '/loan', { barcode: 'A' })).status).toBe(303)
    expect(await site.askAll('carl', `/iiif/A/1/${TILE}`)).toEqual(all(200))
    process.kill(before[0] ?? 0, 'SIGKILL')
    await expect
      .poll(() => site.log('process.worker-died'), SOON)
      .toMatchObject([{ how: 'SIGKILL' }])
    await expect
      .poll(() => site.workers().filter((pid) => !before.includes(pid)), SOON)
      .toHaveLength(1)
    // Half of the ways led to it; they are opened anew.
    const open = await Promise.allSettled(
      Array.from({ length: WAYS }, (_, way) => site.ask(way, 'carl', `/iiif/A/1/${TILE}`)),
    )
    const kept = open.filter((one) => one.status === 'fulfilled')
    expect(kept.length).toBeGreaterThan(0)
    expect(await site.askAll('carl', `/iiif/A/1/${TILE}`)).toEqual(all(200))
    expect((await site.ask(3, 'carl', '/return/A', {})).status).toBe(303)
    expect(await site.askAll('carl', `/iiif/A/1/${TILE}`)).toEqual(all(403))
  })
})

describe('a server with workers', () => {
  it('drains all on SIGTERM, of a group too, and leaves nothing behind', async () => {
    const site = await start({}, 'SOCKET = carrel.sock')
    try {
      const path = join(site.folder, 'carrel.sock')
      expect(statSync(path).mode & 0o777).toBe(0o660)
      const workers = site.workers()
      const socket = connect(path)
      const { body, type } = multipart('barcode,title,copies,hours\n0042,Optics,1,1\n')
      socket.write(
        `POST /bulk HTTP/1.1\r\nHost: x\r\nREMOTE_USER: lee\r\nOrigin: ${site.url}\r\n` +
          `Content-Type: ${type}\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
      )
      const [goOn] = await once(socket, 'data')
      expect(String(goOn)).toMatch(/^HTTP\/1\.1 100/)
      socket.write(body.slice(0, 50))
      const ended = once(site.main, 'exit')
      // As systemd does: to every process of the service.
      for (const pid of [site.main.pid ?? 0, ...workers]) process.kill(pid, 'SIGTERM')
      await new Promise((resolve) => setTimeout(resolve, 300))
      socket.write(body.slice(50))
      const [answer] = await once(socket, 'data', { signal: AbortSignal.timeout(30_000) })
      expect(String(answer)).toMatch(/^HTTP\/1\.1 303/)
      socket.destroy()
      expect(await ended).toEqual([0, null])
      expect(workers.filter(isAlive)).toEqual([])
      expect(site.log('process.worker-died')).toEqual([])
    } finally {
      await site.stop()
    }
  })

  it('takes its workers along when it is killed itself', async () => {
    const site = await start({})
    try {
      const workers = site.workers()
      expect(workers).toHaveLength(2)
      site.main.kill('SIGKILL')
      await expect.poll(() => workers.filter(isAlive), SOON).toEqual([])
    } finally {
      await site.stop()
    }
  })

  it('says in one line that its port is taken, as one process does', async () => {
    const site = await start({})
    try {
      const second = spawn(process.execPath, [SERVER], {
        cwd: site.folder,
        env: { PATH: process.env.PATH },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let fault = ''
      second.stderr.on('data', (chunk) => (fault += chunk))
      expect(await once(second, 'exit')).toEqual([1, null])
      expect(fault).toMatch(/^cannot listen on 127\.0\.0\.1 port \d+: it is in use; [^\n]*\n$/)
    } finally {
      await site.stop()
    }
  })
})
