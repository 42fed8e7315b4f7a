/** Who asks: what the front server says, and what others pretend. */
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testFolder } from '../support/folder.ts'
import { requestBytes, sendRaw } from '../support/raw.ts'
import { addressesOf } from '../support/routes.ts'
import { type Site, startSite } from '../support/site.ts'

/** As its UTF-8 bytes stand in a header. */
const utf8 = (name: string) => Buffer.from(name).toString('latin1')
const name = (value: string) => `REMOTE_USER: ${utf8(value)}`

async function siteWithItem(ini = ''): Promise<Site> {
  const site = await startSite({ ini })
  await site.addItem('A', { convert: false })
  return site
}

async function status(site: Site, ...headers: string[]): Promise<number> {
  return (await sendRaw(site.url, requestBytes('GET /item/A', ...headers))).status
}

const reasons = (site: Site) =>
  site.log.filter(({ msg }) => msg === 'identity.reject').map(({ reason }) => reason)

describe('the sign-in header', () => {
  it('1.3 look-alikes: refused with 400, alone or beside the true one, on public pages too', async () => {
    const site = await siteWithItem()
    const alike = ['Remote-User', 'remote-user', 'X-Remote-User', 'X_REMOTE_USER', 'x-Remote_User']
    for (const header of alike) {
      expect(await status(site, `${header}: mallory`), header).toBe(400)
      expect(await status(site, name('ann'), `${header}: mallory`), header).toBe(400)
      expect(await status(site, `${header}: `), header).toBe(400)
      const about = await sendRaw(site.url, requestBytes('GET /about', `${header}: mallory`))
      expect(about.status).toBe(400)
    }
    expect(new Set(reasons(site))).toEqual(new Set(['look-alike']))
    expect(await status(site, name('ann'), 'X-Forwarded-User: mallory'), 'another header').toBe(200)
    expect(await status(site, 'X-Forwarded-User: mallory'), 'which nobody believes').toBe(401)
    expect(JSON.stringify(site.log)).not.toContain('mallory')
  })

  it('1.3 look-alikes: of whatever header the settings name', async () => {
    const site = await siteWithItem('REMOTE_USER_HEADER = X-WebAuth_User\n')
    expect(await status(site, 'x-webauth_user: ann')).toBe(200)
    for (const header of ['X-WebAuth-User', 'webauth-user', 'WEBAUTH_USER'])
      expect(await status(site, `${header}: ann`), header).toBe(400)
    expect(await status(site, name('ann')), 'not the one that is usual').toBe(401)
  })

  it('1.3 trusted peers: by the address of the socket, whatever X-Forwarded-For says', async () => {
    const from = async (peer: string, ini = '') => {
      const site = await siteWithItem(ini)
      const ask = (path: string, ...headers: string[]) =>
        sendRaw(site.url, requestBytes(`GET ${path}`, ...headers), peer)
      const named = await ask('/item/A', name('ann'), 'X-Forwarded-For: 127.0.0.1')
      const nameless = await ask('/item/A', 'X-Forwarded-For: 127.0.0.1')
      const anyPage = await ask('/', name('ann'))
      return [named.status, nameless.status, anyPage.status, reasons(site)[0]]
    }
    expect(await from('127.0.0.1')).toEqual([200, 401, 200, undefined])
    expect(await from('127.0.0.2')).toEqual([403, 401, 403, 'peer'])
    expect(await from('127.0.0.2', 'TRUSTED_PROXIES = 127.0.0.0/30\n')).toEqual([
      200,
      401,
      200,
      undefined,
    ])
    expect((await from('127.0.0.4', 'TRUSTED_PROXIES = 127.0.0.0/30\n'))[0]).toBe(403)
  })

  it('1.3 trusted peers: an IPv4 peer of a socket for both families is the IPv4 address', async () => {
    const site = await siteWithItem('HOST = ::\nTRUSTED_PROXIES = 127.0.0.1\n')
    expect(await status(site, name('ann'))).toBe(200)
  })

  it('1.3 shared secret: asked for where one is set, either of two, and never logged', async () => {
    const [first, second, wrong] = ['a', 'b', 'c'].map((letter) => letter.repeat(16))
    const site = await siteWithItem(`PROXY_SECRET = ${first}, ${second}\nRUN_MODE = verbose\n`)
    const secret = (value = '') => `X-Carrel-Proxy: ${value}`
    expect(await status(site, name('ann'), secret(first))).toBe(200)
    expect(await status(site, name('ann'), secret(second))).toBe(200)
    expect(await status(site, name('ann'))).toBe(403)
    for (const value of [wrong, '', first!.slice(1), `${first}, ${second}`]) {
      expect(await status(site, name('ann'), secret(value)), value).toBe(403)
    }
    expect(await status(site, name('ann'), secret(first), secret(first)), 'twice').toBe(403)
    expect(await status(site), 'nobody says who he is').toBe(401)
    expect(new Set(reasons(site))).toEqual(new Set(['secret']))
    expect(JSON.stringify(site.log)).not.toMatch(/aaaa|bbbb|cccc|"ann"/)
  })

  it('1.3 value, 4.3 refused names: 1 to 254 bytes of UTF-8, one name, all of it to be seen', async () => {
    const site = await siteWithItem()
    const good = ['ann', 'Zoë', 'x'.repeat(254), 'ë'.repeat(127), 'a b', "o'neil+1@example.org"]
    for (const value of good) expect(await status(site, name(value)), value).toBe(200)
    const bad: [string, string][] = [
      ['two names', 'ann, bob'],
      ['two names', 'ann;bob'],
      ['too long', 'x'.repeat(255)],
      ['too long', 'ë'.repeat(128)],
      ['C1 control', 'a\u0085b'],
      ['DEL', 'a\x7fb'],
      ['zero-width space', 'a\u200bnn'],
      ['zero-width joiner', 'a\u200dnn'],
      ['right-to-left override', 'a\u202enn'],
      ['soft hyphen', 'a\u00adnn'],
      ['interlinear anchor', 'a\ufff9nn'],
      ['byte order mark inside', 'a\ufeffnn'],
      ['Hangul filler', 'a\u3164nn'],
      ['variation selector', 'ann\ufe0f'],
      ['tag character', 'ann\u{e0041}'],
      ['braille blank', 'a\u2800nn'],
      ['no-break space inside', 'a\u00a0nn'],
      ['line separator inside', 'a\u2028nn'],
    ]
    for (const [why, value] of bad) expect(await status(site, name(value)), why).toBe(400)
    for (const bytes of ['\xff\xfe', 'zo\xeb', 'a\xc0\xaf', '\xed\xa0\x80', 'a\xe2\x82']) {
      expect(await status(site, `REMOTE_USER: ${bytes}`), JSON.stringify(bytes)).toBe(400)
    }
    expect(new Set(reasons(site))).toEqual(new Set(['malformed']))
    expect(await status(site, name('ann'), name('ann')), 'twice').toBe(400)
    expect(reasons(site).at(-1)).toBe('twice')
    for (const control of ['a\x01', 'a\0b', 'ann\r\n bob']) {
      expect(await status(site, `REMOTE_USER: ${control}`), 'read by nobody').toBe(400)
    }
    expect(JSON.stringify(site.log)).not.toMatch(/ann|bob|xxx/)
  })

  it('4.3 header missing, empty, blank: 401 that says so, and public pages stay open', async () => {
    const site = await siteWithItem()
    for (const headers of [[], ['REMOTE_USER:'], ['REMOTE_USER:   '], [name('\u3000\u00a0')]]) {
      const answer = await sendRaw(site.url, requestBytes('GET /item/A', ...headers))
      expect([answer.status, answer.body.includes('did not reach us')]).toEqual([401, true])
      for (const path of ['/', '/info', '/about', '/thankyou'])
        expect((await sendRaw(site.url, requestBytes(`GET ${path}`, ...headers))).status).toBe(200)
    }
    expect(reasons(site)).toEqual([])
  })

  it('4.3 case and normal form: one patron, one loan, one limit', async () => {
    const site = await startSite()
    await site.addItem('A', { copies: 3 })
    await site.addItem('B')
    const spellings = ['Zo\u00eb@Example.ORG', ' ZOE\u0308@example.org ', 'zo\u00eb@EXAMPLE.org']
    const borrowed = async (spelling: string, barcode: string) =>
      (await site.post(utf8(spelling), '/loan', { barcode })).status
    for (const spelling of spellings) expect(await borrowed(spelling, 'A')).toBe(303)
    expect(site.db.$client.prepare('select count(*) as n from loans').get()).toEqual({ n: 1 })
    for (const spelling of spellings) {
      expect(await borrowed(spelling, 'B'), 'one item at a time').toBe(409)
      expect((await site.as(utf8(spelling), '/manifests/A')).status).toBe(200)
    }
  })

  it('4.3 staff pages as a patron: 403 on the address itself', async () => {
    const site = await siteWithItem()
    const open =
      /^\/(|info|about|thankyou|logout|notallowed|site\.css|logo|static\/.*|viewer\/.*|thumbnails\/.*|item\/A|item-status\/A|view\/A|manifests\/A|iiif\/.*)$/
    const staff = [...addressesOf(site)].filter(
      ([address, methods]) => methods.includes('GET') && !open.test(address),
    )
    expect(staff.length).toBeGreaterThan(15)
    for (const [address] of staff) {
      const statuses = [undefined, 'ann'].map(async (who) => (await site.as(who, address)).status)
      expect(await Promise.all(statuses), address).toEqual([401, 403])
    }
  })
})

describe('the place where Carrel listens', () => {
  it('1.3 bind: loopback alone, unless the settings say otherwise', async () => {
    const site = await startSite()
    const port = Number(new URL(site.url).port).toString(16).toUpperCase().padStart(4, '0')
    // Address, port and state (0A: listening) as the kernel lists them, bytes in its own order.
    const listening = ['tcp', 'tcp6'].flatMap((family) =>
      [...readFileSync(`/proc/net/${family}`, 'utf8').matchAll(/: (\w+):(\w{4}) \S+ 0A/g)]
        .filter(([, , at]) => at === port)
        .map(([, address]) => `${family} ${address}`),
    )
    expect(listening).toEqual(['tcp 0100007F'])
  })

  it('1.3 Unix socket: for its owner and group alone; one that a dead server left is removed', async () => {
    const folder = testFolder()
    const path = join(folder, 'run', 'carrel.sock')
    mkdirSync(join(folder, 'run'))
    const dead = createServer().listen(path)
    await new Promise((resolve) => dead.once('listening', resolve))
    dead.unref()
    const site = await startSite({ folder, ini: 'SOCKET = run/carrel.sock\n' })
    expect(statSync(path).mode & 0o777).toBe(0o660)
    expect(readdirSync(join(folder, 'run'))).toEqual(['carrel.sock'])
    await site.addItem('A', { convert: false })
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(path, () => socket.write(requestBytes('GET /item/A', name('ann'))))
      socket.once('data', (data) => resolve(String(data)))
    })
    expect(answer).toMatch(/^HTTP\/1\.1 200/)
  })
})
