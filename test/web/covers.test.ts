import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { LspCover } from '../../src/lsp/lsp.ts'
import { type Fake, startFake } from '../support/fake.ts'
import { upload } from '../support/forms.ts'
import { RECORD, testLsp } from '../support/lsp.ts'
import { type Site, startSite } from '../support/site.ts'

const ISBN = '978-0-00-000001-9'
const UNKNOWN = '9780000000996'

let fake: Fake
beforeAll(async () => {
  fake = await startFake('covers')
})
afterAll(() => fake.stop())
afterEach(() => fake.fault(''))

const ALL = 'lsp, contentcafe, openlibrary, google'

/** A site whose services of covers are all the fake; its LSP has pictures as TIND has. */
function startCoverSite(
  covers: string,
  { lspCover = `${fake.url}/thumbnail/7` as string | LspCover } = {},
) {
  const ini = [
    `COVERS = ${covers}`,
    `OPEN_LIBRARY_URL = ${fake.url}`,
    `GOOGLE_BOOKS_URL = ${fake.url}`,
    'LSP_TYPE = tind',
    '[tind]',
    `TIND_SERVER_URL = ${fake.url}/`,
    '[contentcafe]',
    `CC_URL = ${fake.url}`,
    'CC_USER = lib',
    'CC_PASSWORD = p&w',
  ].join('\n')
  async function coverOf({ itemId }: { itemId: string }): Promise<LspCover> {
    if (itemId !== '7') return { kind: 'none' }
    return typeof lspCover === 'string' ? { kind: 'at', url: new URL(lspCover) } : lspCover
  }
  return startSite({ ini, lsp: { ...testLsp({ A: { kind: 'found', record: RECORD } }), coverOf } })
}

const add = async (site: Site, fields: Record<string, string | Blob> = {}) => {
  const began = performance.now()
  const all = { barcode: 'A', title: 'T', isbn_issn: ISBN, ...fields }
  const answer = await upload(site, 'lee', '/update/add', all)
  expect(answer.status).toBe(303)
  return performance.now() - began
}
const file = (site: Site, item = 'A') => join(site.settings.thumbnailsDir, `${item}.jpg`)
const lines = (site: Site) =>
  site.log
    .filter(({ msg }) => msg.startsWith('cover.'))
    .map(({ msg, source, kind }) => [msg, source, kind].filter(Boolean).join(' '))
const logged = (site: Site, ...expected: string[]) =>
  expect.poll(() => lines(site), { timeout: 5_000, interval: 10 }).toEqual(expected)
const editPage = async (site: Site, item = 'A') => (await site.as('lee', `/edit/${item}`)).text()
const asked = async () => (await fake.asked()).length

/** Which service's picture it is, by its colour. */
async function colourOf(site: Site): Promise<string> {
  const { channels } = await sharp(file(site)).stats()
  const [red = 0, green = 0, blue = 0] = channels.map(({ mean }) => mean)
  if (red > 100 && green > 100) return 'lsp'
  return red > green && red > blue ? 'contentcafe' : green > blue ? 'openlibrary' : 'google'
}

describe('looking for the cover of an item that was added', () => {
  it.each([
    ['lsp', '7', 'the test LSP'],
    ['contentcafe', '', 'Content Cafe'],
    ['openlibrary', '', 'Open Library'],
    ['google', '', 'Google Books'],
  ])('finds it at %s, and stores it drawn anew', async (service, itemId, name) => {
    const site = await startCoverSite(service)
    await add(site, { item_id: itemId })
    await logged(site, `cover.found ${name}`)
    expect(await colourOf(site)).toBe(service)
    const { format, width, exif } = await sharp(file(site)).metadata()
    expect({ format, width, exif }).toEqual({ format: 'jpeg', width: 300, exif: undefined })
    expect((await site.as(undefined, '/thumbnails/A.jpg')).status).toBe(200)
    expect(await editPage(site)).not.toContain('Look for a cover')
  })

  it('asks in the order of the settings, and no further than it must', async () => {
    const site = await startCoverSite(`google, ${ALL}`)
    const before = await asked()
    await add(site, { item_id: '7' })
    await logged(site, 'cover.found Google Books')
    expect(await asked()).toBe(before + 2)
  })

  it('asks nobody by default, nor for an item without ISBN, nor for one that has a cover', async () => {
    const before = await asked()
    const quiet = await startSite({ ini: `OPEN_LIBRARY_URL = ${fake.url}` })
    await add(quiet)
    expect((await quiet.post('lee', '/look-for-cover/A')).status).toBe(404)
    expect(await editPage(quiet)).not.toContain('Look for a cover')
    const site = await startCoverSite('openlibrary, google')
    for (const isbn_issn of ['', '2049-3630', '9780000000018']) {
      await add(site, { barcode: `N${isbn_issn}`, isbn_issn })
    }
    const cover = new Blob([await sharp(readFileSync('static/icon.svg')).png().toBuffer()])
    await add(site, { barcode: 'B', cover })
    await site.post('lee', '/look-for-cover/N')
    expect(await editPage(site, 'N')).toContain('when the item has an ISBN')
    expect([lines(site), await asked()]).toEqual([[], before])
  })

  it('1.7 covers: sends nothing of who added it', async () => {
    const site = await startCoverSite(ALL)
    const before = await asked()
    await add(site, { isbn_issn: UNKNOWN, item_id: '8' })
    await logged(site, 'cover.none')
    const sent = (await fake.asked()).slice(before)
    expect(sent).toHaveLength(3)
    expect(JSON.stringify(sent)).not.toMatch(/lee|remote|cookie|x-carrel/i)
  })
})

describe('a service that is slow or hostile', () => {
  it.each([
    ['html', 'not-a-picture'],
    ['svg', 'not-a-picture'],
    ['truncated', 'not-a-picture'],
    ['huge', 'not-a-picture'],
    ['20-mb', 'too-large'],
    ['429', 'refused'],
    ['500', 'fault'],
    ['close', 'connection'],
    ['redirect', 'redirect'],
    ['lead to http://127.0.0.1:OWN/readyz', 'redirect'],
  ])(
    '4.7 covers: that meets %s leaves the item without cover, and the log says %s',
    async (fault, kind) => {
      const site = await startCoverSite('openlibrary')
      await fake.fault(fault.replace('OWN', new URL(site.url).port))
      await add(site)
      await logged(site, `cover.fail Open Library ${kind}`)
      expect(existsSync(file(site))).toBe(false)
      expect(await editPage(site)).toContain('no usable answer from Open Library. Try again later.')
    },
  )

  it.each(['pixel', 'pixel-gif', 'empty'])('that sends %s is taken to have none', async (state) => {
    const site = await startCoverSite('openlibrary')
    await fake.fault(state)
    await add(site)
    await logged(site, 'cover.none')
    expect(await editPage(site)).toContain('No service that Carrel asks has a cover of this item.')
  })

  it('1.8 SSRF: that names a picture on this machine, or not of its own, is not followed there', async () => {
    const google = await startCoverSite('google')
    await fake.fault(`thumbnail ${google.url}/`)
    await add(google)
    await logged(google, 'cover.fail Google Books forbidden')
    const own = `http://127.0.0.1:${new URL(google.url).port}/`
    for (const lspCover of [own, 'https://elsewhere.invalid/x.jpg']) {
      const site = await startCoverSite('lsp', { lspCover })
      await add(site, { item_id: '7' })
      await logged(site, 'cover.fail the test LSP forbidden')
    }
  })

  it('tells a library system that does not answer from one without a cover', async () => {
    const silent = await startCoverSite('lsp', { lspCover: { kind: 'unreachable', why: 'busy' } })
    await add(silent, { item_id: '7' })
    await logged(silent, 'cover.fail the test LSP refused')
    expect(await editPage(silent)).toContain('no usable answer from the test LSP')
    const without = await startCoverSite('lsp', { lspCover: { kind: 'none' } })
    await add(without, { item_id: '7' })
    await logged(without, 'cover.none')
  })

  it('4.7 covers: holds up neither the save nor the next service', async () => {
    const site = await startCoverSite('openlibrary, google')
    await fake.fault('hang', { times: 1 })
    expect(await add(site)).toBeLessThan(500)
    await expect.poll(() => editPage(site)).toContain('Carrel is looking for a cover')
    expect(await add(site, { barcode: 'B' })).toBeLessThan(500)
    const began = performance.now()
    await site.stop()
    expect(performance.now() - began).toBeLessThan(1_000)
    expect(lines(site)).toEqual([])
  })

  it('is left alone for a minute, so that it costs one wait', async () => {
    const site = await startCoverSite('openlibrary, google')
    await fake.fault('close', { times: 1 })
    await add(site)
    await logged(site, 'cover.fail Open Library connection', 'cover.found Google Books')
    rmSync(file(site))
    await site.post('lee', '/look-for-cover/A')
    expect(lines(site)).toContain('cover.fail Open Library resting')
    rmSync(file(site))
    site.clock.t += 60_000
    await site.post('lee', '/look-for-cover/A')
    expect(lines(site).at(-1)).toBe('cover.found Open Library')
  })

  it('is a line of the log when the cover cannot be stored', async () => {
    const site = await startCoverSite('openlibrary')
    writeFileSync(site.settings.thumbnailsDir, 'in the way')
    await add(site)
    await logged(site, 'cover.fault')
    expect(await editPage(site)).toContain('could not look for a cover; the log says why')
  })
})

describe('a cover that was found', () => {
  it('does not come back by itself once staff deleted it, but when they ask', async () => {
    const site = await startCoverSite('openlibrary')
    await add(site)
    await logged(site, 'cover.found Open Library')
    await site.post('lee', '/delete-thumbnail/A')
    await site.post('lee', '/update/edit', { old_barcode: 'A', title: 'Other' })
    await add(site, { barcode: 'B', isbn_issn: UNKNOWN })
    await logged(site, 'cover.found Open Library', 'cover.none')
    expect(existsSync(file(site))).toBe(false)
    expect(await editPage(site)).toContain('Look for a cover')
    const answer = await site.post('lee', '/look-for-cover/A')
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/edit/A'])
    expect(existsSync(file(site))).toBe(true)
    const acts = site.db.$client.prepare('select staff, act, barcode from audit order by id').raw()
    expect(acts.all()).toContainEqual(['lee', 'look-for-cover', 'A'])
  })

  it('is looked for after lists, edits and comparing all items too', async () => {
    const site = await startCoverSite('openlibrary')
    const csv = new Blob([`barcode,title,isbn\nA,T,${ISBN}\nB,U,\n`])
    const list = await upload(site, 'lee', '/bulk', { csv })
    await site.post('lee', list.headers.get('location') ?? '')
    const found = 'cover.found Open Library'
    await logged(site, found)
    await site.post('lee', '/update/edit', { old_barcode: 'B', isbn_issn: ISBN })
    await logged(site, found, found)
    rmSync(file(site))
    await site.post('lee', '/refresh', { action: 'start' })
    await logged(site, found, found, found)
    expect(existsSync(file(site))).toBe(true)
  })

  it('is not asked for by strangers or patrons, nor for an item that is not there', async () => {
    const site = await startCoverSite('openlibrary')
    await site.addItem('A', { convert: false })
    const statuses = [undefined, 'ann'].map(
      async (who) => (await site.post(who, '/look-for-cover/A')).status,
    )
    expect(await Promise.all(statuses)).toEqual([401, 403])
    expect((await site.post('lee', '/look-for-cover/B')).status).toBe(404)
    expect((await site.as('lee', '/look-for-cover/A')).status).toBe(405)
  })
})
