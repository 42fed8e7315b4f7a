/** Faults found in the server that Carrel follows, by their numbers: none of them is to come back. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HOUR } from '../../src/clock.ts'
import { patronHash } from '../../src/log.ts'
import { testClock } from '../support/clock.ts'
import { answer, type Script } from '../support/fault-upstream.ts'
import { testFolder } from '../support/folder.ts'
import { iiifUpstream } from '../support/iiif-upstream.ts'
import { patron } from '../support/lending.ts'
import { readingFrom } from '../support/reading.ts'
import { addRemoteItem, imagesFrom } from '../support/remote-item.ts'
import { startSite } from '../support/site.ts'

const IMAGE = { api: 3, width: 2000, height: 3000 } as const
const TILE = '0,0,512,512/512,512/0/default.jpg'

describe('1.1 what DIBS got wrong', () => {
  it('1.1 D4: an image server that fails gives a status, words and a line of the log', async () => {
    let status = 0
    const { site, origin } = await readingFrom((socket) =>
      socket.end(answer('<h1>/srv/internal/path</h1>', { status, type: 'text/html' })),
    )
    const cases: [number, number, string][] = [
      [500, 502, 'upstream.status'],
      [403, 502, 'upstream.denied'],
      [503, 503, 'upstream.busy'],
      [200, 502, 'upstream.type'],
      // The last: it is remembered for some seconds.
      [404, 404, 'upstream.not-found'],
    ]
    for (const [theirs, ours, line] of cases) {
      status = theirs
      const got = await site.as('ann', `/iiif/A/1/${TILE}`)
      const text = await got.text()
      expect([got.status, got.headers.get('cache-control')], text).toEqual([ours, 'no-store'])
      expect(JSON.parse(text).message.length).toBeGreaterThan(10)
      expect(text + JSON.stringify([...got.headers])).not.toContain('internal')
      expect(text + JSON.stringify([...got.headers])).not.toContain(new URL(origin).host)
      expect(site.log.map(({ msg }) => msg)).toContain(line)
    }
  })

  it('1.1 D4: an item whose manifest is missing is not lent, and no answer is empty', async () => {
    const site = await startSite()
    await site.addItem('A', { convert: false })
    const loan = await site.post('ann', '/loan', { barcode: 'A' })
    const manifest = await site.as('ann', '/manifests/A')
    const preview = await site.as('lee', '/preview/manifests/A')
    expect([loan.status, manifest.status, preview.status]).toEqual([409, 403, 409])
    for (const one of [loan, manifest, preview]) expect(await one.text()).not.toBe('')
  })

  it('1.1 D5: an image has the type that its bytes prove; what is no image is no answer', async () => {
    const picture = sharp({ create: { width: 512, height: 512, channels: 3, background: 'red' } })
    const [png, webp] = [await picture.png().toBuffer(), await picture.webp().toBuffer()]
    let script: Script = () => {}
    const { site } = await readingFrom((socket, request) => script(socket, request))
    const get = async (n: number) => {
      const got = await site.as('ann', `/iiif/A/1/${512 * n},0,512,512/512,512/0/default.jpg`)
      return [got.status, got.headers.get('content-type')]
    }
    script = (socket) => socket.end(answer(png, { type: 'image/png' }))
    expect(await get(0)).toEqual([200, 'image/png'])
    script = (socket) => socket.end(answer(webp, { type: 'image/webp' }))
    expect(await get(1)).toEqual([200, 'image/webp'])
    for (const [body, type] of [
      ['<html>', 'image/jpeg'],
      ['<svg xmlns="http://www.w3.org/2000/svg"/>', 'image/svg+xml'],
      [png, 'image/jpeg'],
    ] as const) {
      script = (socket) => socket.end(answer(body, { type }))
      expect((await get(2))[0], type).toBe(502)
    }
  })

  it('1.1 D6: one image in two items has the addresses of each in each', async () => {
    const upstream = await iiifUpstream(IMAGE)
    onTestFinished(() => upstream.close())
    const site = await startSite({ ini: imagesFrom(upstream) })
    for (const [item, who] of [
      ['A', 'ann'],
      ['B', 'bob'],
    ] as const) {
      await addRemoteItem(site, upstream, item, { ...IMAGE, names: ['same'] })
      await site.post(who, '/loan', { barcode: item })
    }
    for (const [item, who, other] of [
      ['A', 'ann', 'bob'],
      ['B', 'bob', 'ann'],
    ] as const) {
      const info = (await (await site.as(who, `/iiif/${item}/1/info.json`)).json()) as object
      expect(info).toMatchObject({ id: `${site.url}/iiif/${item}/1` })
      expect((await site.as(who, `/iiif/${item}/1/${TILE}`)).status).toBe(200)
      expect((await site.as(other, `/iiif/${item}/1/${TILE}`)).status).toBe(403)
    }
  })

  it('1.1 D10: a barcode that is a path names no item and makes no file', async () => {
    const folder = testFolder()
    const site = await startSite({ folder })
    const before = [readdirSync(folder), readdirSync(dirname(folder)).includes('escaped')]
    for (const barcode of ['../../../escaped', '..', 'a/b', '/tmp/escaped', 'a\0b']) {
      expect((await site.post('lee', '/start-processing', { barcode })).status).toBe(404)
      expect((await site.post('lee', '/update/add', { barcode, title: 'T' })).status).toBe(400)
    }
    expect([readdirSync(folder), readdirSync(dirname(folder)).includes('escaped')]).toEqual(before)
    expect(existsSync('/tmp/escaped')).toBe(false)
  })

  it('1.1 D12: an item is added by hand where no library system is set', async () => {
    const site = await startSite()
    const added = await site.post('lee', '/update/add', { barcode: 'A', title: 'Optics' })
    expect(added.status).toBe(303)
    expect((await site.as('ann', '/item/A')).status).toBe(200)
  })

  it('1.1 D13: ready says what is wanted, so that two tabs do not undo each other', async () => {
    const site = await startSite()
    await site.addItem('A', { ready: false })
    const isReady = () => site.db.$client.prepare('select ready from items').pluck().get()
    for (const [ready, then] of [
      ['yes', 1],
      ['yes', 1],
      ['no', 0],
      ['no', 0],
    ] as const) {
      expect((await site.post('lee', '/ready', { barcode: 'A', ready })).status).toBe(303)
      expect(isReady()).toBe(then)
    }
    expect((await site.post('lee', '/ready', { barcode: 'A' })).status).toBe(400)
  })

  it('1.1 D16: a tile writes nothing, and a loan is over by the clock alone', async () => {
    const site = await startSite()
    await site.addItem('A')
    await site.post('ann', '/loan', { barcode: 'A' })
    const writes = () => site.db.$client.prepare('select total_changes()').pluck().get()
    const before = writes()
    expect((await site.as('ann', `/iiif/A/1/${TILE}`)).status).toBe(200)
    site.clock.t += 2 * HOUR
    expect((await site.as('ann', `/iiif/A/1/${TILE}`)).status).toBe(403)
    expect(writes()).toBe(before)
  })

  it('1.1 D17: a patron is in the log as a keyed hash of the day', () => {
    const clock = testClock()
    const [one, other] = [patronHash(clock), patronHash(clock)]
    const ann = patron('ann')
    const today = one(ann)
    expect(today).toMatch(/^[\w-]{12}$/)
    expect(one(ann)).toBe(today)
    expect(one(patron('bob'))).not.toBe(today)
    expect(other(ann), 'another process has another key').not.toBe(today)
    clock.t += 24 * HOUR
    expect(one(ann)).not.toBe(today)
    clock.t -= 24 * HOUR
    expect(one(ann), 'the key of the day is gone with it').not.toBe(today)
  })

  it('1.1 D19: what the catalogue, the library or a patron writes never becomes markup', async () => {
    const folder = testFolder()
    const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>'
    const site = await startSite({ folder })
    await site.addItem('A')
    site.db.$client
      .prepare('update items set title = ?, author = ?, notes = ?')
      .run(evil, evil, evil)
    await site.post('ann', '/loan', { barcode: 'A' })
    for (const path of [
      '/item/A',
      '/view/A',
      '/list',
      '/edit/A',
      '/loans',
      '/stats',
      '/preview/A',
    ]) {
      const page = await (await site.as(path === '/view/A' ? 'ann' : 'lee', path)).text()
      expect(page, path).not.toMatch(/<img src=x|<script>/)
    }
    const name = '<b>eve</b>'
    expect(await (await site.as(name, '/')).text()).not.toContain(name)
    const folderOfScripts = join(import.meta.dirname, '../../static')
    const scripts = readdirSync(folderOfScripts, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.js'))
      .map((file) => readFileSync(join(folderOfScripts, file), 'utf8'))
    expect(scripts.length).toBeGreaterThan(5)
    const writesMarkup =
      /(?:inner|outer)HTML\s*[+]?=(?!=)|insertAdjacentHTML|document\.write|\beval\(/
    expect(scripts.filter((script) => writesMarkup.test(script))).toEqual([])
  })
})
