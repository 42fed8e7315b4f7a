import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from '../src/clock.ts'
import { openZip } from '../src/zip.ts'
import { type CanarySite, canarySite, TOKEN } from './support/canary-site.ts'

const CANARY = 'canary-7f3a@example.org'
const SPELLINGS = [CANARY, 'Canary-7F3A@Example.ORG', '  canary-7f3a@EXAMPLE.org ']

const digests = ['md5', 'sha1', 'sha256', 'sha512'].flatMap((kind) => {
  const digest = createHash(kind).update(CANARY).digest()
  // Cut as short as the codes in the log are.
  return [digest.toString('hex').slice(0, 12), digest.toString('base64url').slice(0, 12)]
})

/** The three ways in which base64 can begin within a word. */
const base64 = [0, 1, 2].map((shift) =>
  Buffer.from(`${'x'.repeat(shift)}${CANARY}`)
    .toString('base64')
    .slice(4, 20),
)

/** Does it name the patron, in any spelling, encoding or plain digest? */
function names(text: string | Buffer): boolean {
  const bytes = Buffer.from(text)
  const plain = bytes.toString('latin1')
  const wide = plain.replaceAll('\0', '')
  return (
    /canary[^a-z]{0,5}7f3a/i.test(plain) ||
    /canary[^a-z]{0,5}7f3a/i.test(wide) ||
    [...digests, ...base64].some((trace) => plain.includes(trace))
  )
}

/** The files below a folder that name the patron; what is packed in a zip is looked into. */
async function filesThatName(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name)
    if (!statSync(path).isFile()) continue
    const parts = name.endsWith('.zip') ? await partsOf(path) : []
    if ([readFileSync(path), ...parts].some(names)) found.push(name)
  }
  return found.sort()
}

async function partsOf(path: string): Promise<Buffer[]> {
  const zip = await openZip(path)
  const parts: Buffer[] = []
  for (const name of zip.names) parts.push(await buffer(await zip.read(name)))
  zip.close()
  return parts
}

/** The tables that name the patron, of whatever the database has. */
function tablesThatName(databaseFile: string): unknown[] {
  const db = new Sqlite(databaseFile, { readonly: true })
  try {
    const tables = db.prepare("select name from sqlite_schema where type = 'table'").pluck().all()
    return tables.filter((table) =>
      names(JSON.stringify(db.prepare(`select * from "${table}"`).all())),
    )
  } finally {
    db.close()
  }
}

describe('1.7 canary: a patron who has done everything', () => {
  it('is in the letter and in the row of the open loan, and afterwards nowhere', async () => {
    const site = await canarySite()
    const { settings, folder, temporary, smtp, upstream } = site
    // So that all of it lies in the past when the clock is right at last.
    const server = await site.start('RUN_MODE = verbose', -6 * HOUR)
    const as = visitorsOf(site)

    await readsAndErrs(site, as)
    await expect.poll(() => site.output()).toContain('mail.fail')
    expect(site.output()).toContain('loan.too-fast')
    expect(tablesThatName(settings.databaseFile)).toEqual(['loans', 'outbox'])
    await smtp.fault('none')
    await server.tell(`clock ${-6 * HOUR + 2 * MINUTE}`)
    await server.tell('deliver')
    expect(smtp.letters.map(({ to }) => to)).toEqual([[CANARY]])
    expect(tablesThatName(settings.databaseFile)).toEqual(['loans'])

    const shown = await staffLooksAround(as)
    expect(shown.filter(([, text]) => names(text)).map(([path]) => path)).toEqual([
      '/loans',
      '/loans/1',
    ])
    await site.run('backup')
    expect(await filesThatName(settings.backupDir), 'a running loan is in it').toHaveLength(1)

    await meetsFaults(site, as)
    expect(await server.end('crash')).toBe(1)
    expect(site.output()).toContain('process.fault')

    const again = await site.start('RUN_MODE = normal', -5 * HOUR)
    expect((await as(SPELLINGS[1], '/return/A', {})).status).toBe(303)
    expect((await as(CANARY, '/thankyou?barcode=A')).status).toBe(200)
    expect((await as(CANARY, '/loan', { barcode: 'A' })).status, 'too soon').toBe(409)
    expect((await as(CANARY, '/loan', { barcode: 'B' })).status).toBe(303)
    await again.tell(`clock ${-2 * HOUR}`)
    await again.tell('sweep')
    expect((await as(CANARY, '/view/B')).status, 'it was due').toBe(403)
    await again.tell('clock 0')
    await again.tell('sweep')
    // The jump of the clock must have been believed first.
    await again.tell(`clock ${3 * MINUTE}`)
    await again.tell('sweep')

    expect(tablesThatName(settings.databaseFile)).toEqual([])
    const afterwards = await staffLooksAround(as)
    expect(afterwards.filter(([, text]) => names(text))).toEqual([])
    expect((await site.run('export', 'all.zip', '--with-patrons')).code).toBe(0)
    expect((await site.run('backup')).out).toContain('the patrons of 1 loan were erased')
    expect(existsSync(`${settings.databaseFile}-wal`), 'its journal is looked into too').toBe(true)
    expect(await filesThatName(folder)).toEqual([])
    expect(await again.end('SIGTERM')).toBe(0)
    expect(await filesThatName(folder)).toEqual([])
    expect(readdirSync(temporary)).toEqual([])

    for (const event of [
      'loan.borrow',
      'loan.return',
      'identity.reject',
      'request.fault',
      'db.busy',
    ])
      expect(site.output(), event).toContain(event)
    expect(site.output().split('\n').filter(names)).toEqual([])
    expect(upstream.heads.length).toBeGreaterThan(2)
    expect(upstream.heads.filter(names)).toEqual([])
    const asked = [await site.lsp.asked(), await site.covers.asked()]
    for (const requests of asked) {
      expect(requests.length).toBeGreaterThan(0)
      expect(requests.map((one) => JSON.stringify(one)).filter(names)).toEqual([])
    }
  })
})

type Visit = (
  name: string | undefined,
  path: string,
  form?: Record<string, string>,
  headers?: Record<string, string>,
) => Promise<Response>

/** Requests as a front server sends them; with a form it is a POST from a page of the site. */
function visitorsOf({ settings }: CanarySite): Visit {
  return async (name, path, form, headers = {}) => {
    const answer = await fetch(`${settings.baseUrl}${path}`, {
      redirect: 'manual',
      headers: {
        ...(name === undefined ? {} : { REMOTE_USER: name }),
        ...(form && { origin: settings.baseUrl }),
        'user-agent': `browser of ${CANARY}`,
        cookie: `session=${CANARY}`,
        'x-forwarded-user': CANARY,
        ...headers,
      },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    const bytes = await answer.arrayBuffer()
    return new Response(answer.status === 304 || answer.status === 204 ? null : bytes, answer)
  }
}

async function readsAndErrs({ settings }: CanarySite, as: Visit): Promise<void> {
  const expecting = async (status: number, ...visit: Parameters<Visit>) =>
    expect((await as(...visit)).status, visit[1]).toBe(status)
  const [plain = '', capitals, spaces] = SPELLINGS
  for (const path of ['/', '/about', '/privacy', '/item/A', '/item-status/A', '/thankyou'])
    await as(capitals, path)
  await expecting(303, plain, '/loan', { barcode: 'A' })
  await expecting(303, capitals, '/loan', { barcode: 'A' })
  await expecting(409, spaces, '/loan', { barcode: 'B' })
  await expecting(404, plain, '/loan', { barcode: plain })
  await expecting(200, spaces, '/view/A')
  await expecting(200, plain, `/manifests/A?user=${plain}`)
  await expecting(200, capitals, '/iiif/A/1/info.json')
  const tile = '/iiif/A/1/0,0,512,512/512,512/0/default.jpg'
  await expecting(200, plain, tile)
  await expecting(200, plain, `${tile}?user=${plain}`)
  await expecting(403, plain, '/iiif/B/1/info.json')
  await expecting(403, plain, '/iiif/A/1/full/full/0/default.jpg')
  await expecting(404, plain, '/iiif/A/2/info.json')
  await expecting(400, plain, '/iiif/A/1/a/b/c/d.jpg')
  await expecting(404, plain, '/nothing')
  await expecting(400, plain, '/item/%2e%2e%2fx')
  for (const path of ['/list', '/loans', '/audit', '/download/csv/history', '/metrics'])
    expect((await as(plain, path)).status, path).toBeGreaterThan(400)
  await expecting(403, plain, '/return/A', {}, { origin: 'https://evil.example' })
  await expecting(400, plain, '/item/A', undefined, { 'x-remote-user': plain })
  await expecting(400, `${plain}, ${plain}`, '/item/A')
  await expecting(400, plain.repeat(20), '/item/A')
  await expecting(405, plain, '/item/A', {})
  expect((await fetch(`${settings.baseUrl}${tile}`)).status).toBe(401)
  let slowed = 0
  for (let n = 0; n < 15; n++) slowed += (await as(plain, tile)).status === 429 ? 1 : 0
  expect(slowed).toBeGreaterThan(0)
}

/** Everything that the staff can see, download or ask of others. @returns what was shown, by path */
async function staffLooksAround(as: Visit): Promise<[path: string, text: string][]> {
  const paths = [
    ...['/list', '/loans', '/loans/1', '/audit', '/stats', '/status', '/add', '/edit/A', '/item/A'],
    ...['csv/item', 'csv/history', 'json/item', 'json/history'].map((one) => `/download/${one}`),
    ...['/preview/A', '/preview/manifests/A', '/readyz', '/metrics', '/refresh/A', '/bulk'],
  ]
  const shown: [string, string][] = []
  for (const path of paths) {
    const token = { authorization: `Bearer ${TOKEN}` }
    shown.push([path, await (await as('lee', path, undefined, token)).text()])
  }
  const look = { barcode: '35047000000017', action: 'look-up' }
  shown.push(['/update/add', await (await as('lee', '/update/add', look)).text()])
  const isbn = { old_barcode: 'B', barcode: 'B', title: 'Title of B', num_copies: '1' }
  const saved = { ...isbn, duration: '2', isbn_issn: '9780000000019' }
  shown.push(['/update/edit', await (await as('lee', '/update/edit', saved)).text()])
  return shown
}

/** The image server is gone; another process writes; something is wrong that nobody thought of. */
async function meetsFaults({ settings, upstream }: CanarySite, as: Visit): Promise<void> {
  const { databaseFile } = settings
  upstream.play((socket) => socket.destroy())
  expect((await as(CANARY, '/iiif/A/1/0,512,512,512/512,512/0/default.jpg')).status).toBe(502)
  const other = new Sqlite(databaseFile)
  try {
    other.exec('begin immediate')
    expect((await as(CANARY, '/loan', { barcode: 'B' })).status, 'busy').toBe(503)
    other.exec('rollback')
    other.exec('alter table loans rename to loans_elsewhere')
    expect((await as(CANARY, '/item/A')).status, 'a fault').toBe(500)
    expect((await as(CANARY, '/loan', { barcode: 'B' })).status, 'a fault').toBe(500)
    other.exec('alter table loans_elsewhere rename to loans')
  } finally {
    other.close()
  }
}
