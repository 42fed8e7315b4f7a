import { describe, expect, it } from 'vitest'
import type { LspAnswer } from '../../src/lsp/lsp.ts'
import { upload } from '../support/forms.ts'
import { RECORD, testLsp } from '../support/lsp.ts'
import { type Site, startSite } from '../support/site.ts'

const found = (changes: Partial<typeof RECORD> = {}): LspAnswer => ({
  kind: 'found',
  record: { ...RECORD, ...changes },
})
const rows = (site: Site) => site.db.$client.prepare('select * from items order by barcode').all()
const lookUp = (site: Site, fields: Record<string, string | Blob>, path = '/update/add') =>
  upload(site, 'lee', path, { ...fields, action: 'look-up' })

describe('looking an item up', () => {
  it('fills the form, keeps what was typed, and saves nothing yet', async () => {
    const site = await startSite({ lsp: testLsp({ '001': found() }) })
    const answer = await lookUp(site, {
      barcode: ' 001 ',
      title: 'My title',
      author: '',
      num_copies: 'x',
      notes: 'Kept',
      cover: new Blob(['GIF']),
    })
    const page = await answer.text()
    expect(answer.status).toBe(200)
    for (const kept of ['value="My title"', 'value="Doe, J."', 'value="x"', 'Kept</textarea>']) {
      expect(page).toContain(kept)
    }
    expect(page).toContain('Found in the test LSP: Optics, Doe, J., 1999. Check it')
    expect(page).toContain('The cover must be a JPEG')
    expect(rows(site)).toEqual([])
  })

  it.each<[string, LspAnswer | 'throws', RegExp]>([
    ['knows none', { kind: 'not-found' }, /knows no item with this barcode/],
    ['knows several', { kind: 'several' }, /more than one item/],
    ['permits nothing', { kind: 'not-permitted' }, /does not let Carrel/],
    [
      'knows half',
      { kind: 'incomplete', fields: ['title', 'author'], record: { ...RECORD, title: '' } },
      /without title and author\. Add what is missing\./,
    ],
    ['is down', { kind: 'unreachable', why: 'fault' }, /a fault of its own\. Try again later/],
    ['is busy', { kind: 'unreachable', why: 'busy', retryAfterS: 30 }, /Try again in 30 seconds/],
    ['breaks', 'throws', /does not understand/],
  ])('that %s says so, and leaves the form as it was typed', async (_, answer, words) => {
    const lsp = testLsp(answer === 'throws' ? {} : { '001': answer })
    if (answer === 'throws') lsp.lookUp = () => Promise.reject(new Error('broken'))
    const site = await startSite({ lsp })
    const page = await (await lookUp(site, { barcode: '001', author: 'Typed' })).text()
    expect(page).toMatch(words)
    expect(page).toMatch(/<p id="look-up-answer" class="faults" role="alert">/)
    expect(page).toContain('value="Typed"')
    const added = await site.post('lee', '/update/add', { barcode: '001', title: 'By hand' })
    expect(added.status).toBe(303)
  })

  it('asks nobody about a barcode that is none, or that is an item already', async () => {
    const lsp = testLsp({})
    const site = await startSite({ lsp })
    await site.addItem('A', { convert: false })
    expect(await (await lookUp(site, { barcode: '" or *' })).text()).toContain('A barcode has 1')
    const there = await lookUp(site, { barcode: 'A' })
    expect([there.status, await there.text()]).toEqual([409, expect.stringContaining('already')])
    expect(lsp.asked).toEqual([])
  })

  it('works while an item is edited, and fills only what is empty', async () => {
    const site = await startSite({ lsp: testLsp({ A: found() }) })
    await site.addItem('A', { convert: false })
    const page = await (
      await lookUp(site, { old_barcode: 'A', barcode: 'A' }, '/update/edit')
    ).text()
    expect(page).toContain('value="Title of A"')
    expect(page).toContain('value="9780000000019"')
    expect(page).toContain('href="/refresh/A"')
  })

  it('is not offered without a library system', async () => {
    for (const type of ['none', 'unconfigured']) {
      const site = await startSite({ ini: `LSP_TYPE = ${type}` })
      await site.addItem('A', { convert: false })
      for (const path of ['/add', '/edit/A', '/bulk']) {
        const page = await (await site.as('lee', path)).text()
        expect(page).not.toMatch(/value="look-up"|href="\/refresh/)
      }
      expect((await site.as('lee', '/refresh')).status).toBe(404)
      const page = await (await lookUp(site, { barcode: 'B', title: 'Kept' })).text()
      expect(page).toContain('value="Kept"')
    }
  })
})

describe('refreshing from the library system', () => {
  it('is for the staff', async () => {
    const site = await startSite({ lsp: testLsp({}) })
    await site.addItem('A', { convert: false })
    for (const path of ['/refresh', '/refresh/A']) {
      const statuses = await Promise.all(
        [undefined, 'ann', 'lee'].map(async (who) => (await site.as(who, path)).status),
      )
      expect(statuses, path).toEqual([401, 403, 200])
      const posts = [undefined, 'ann'].map(async (who) => (await site.post(who, path)).status)
      expect(await Promise.all(posts), path).toEqual([401, 403])
    }
  })

  it('shows what would change in an item, and saves what is wanted of it', async () => {
    const site = await startSite({
      lsp: testLsp({ A: found({ author: 'A. N. Author', edition: '', itemPage: 'javascript:x' }) }),
    })
    await site.addItem('A', { convert: false })
    const before = rows(site)
    const page = await (await site.as('lee', '/refresh/A')).text()
    const offered = [...page.matchAll(/type="checkbox" name="(\w+)"/g)].map(([, name]) => name)
    expect(offered.sort()).toEqual(['isbn_issn', 'item_id', 'publisher', 'title', 'year'])
    expect(page).toContain('<td>Title of A</td>')
    expect(rows(site)).toEqual(before)
    await site.post('lee', '/refresh/A', { title: 'Optics', year: '1999', barcode: 'Z' })
    expect(rows(site)).toEqual([{ ...(before[0] as object), title: 'Optics', year: '1999' }])
    const audit = site.db.$client.prepare('select act, barcode, detail from audit').all()
    expect(audit).toEqual([{ act: 'refresh', barcode: 'A', detail: 'title year' }])
  })

  it('says when there is nothing to compare with', async () => {
    const site = await startSite({ lsp: testLsp({}) })
    await site.addItem('A', { convert: false })
    expect(await (await site.as('lee', '/refresh/A')).text()).toContain('knows no item')
  })

  const finished = async (site: Site) => {
    const page = async () => (await site.as('lee', '/refresh')).text()
    await expect.poll(page, { timeout: 10_000 }).toMatch(/data-progress="(done|stopped)"/)
    return page()
  }

  it('compares all items, shows what would change, and saves just that', async () => {
    const site = await startSite({
      lsp: testLsp({
        A: found({ title: 'New A' }),
        B: found({ title: 'New B' }),
        C: { kind: 'several' },
      }),
    })
    for (const item of ['A', 'B', 'C', 'D']) await site.addItem(item, { convert: false })
    const before = rows(site)
    await site.post('lee', '/refresh', { action: 'start' })
    const page = await finished(site)
    expect(page).toContain('2 items would change')
    expect(page).toContain('>New A</td>')
    expect(page).toContain('2 items could not be compared')
    expect(rows(site)).toEqual(before)
    await site.post('lee', '/update/edit', { old_barcode: 'B', title: 'Meanwhile' })
    await site.post('lee', '/refresh', { action: 'save', run: 'of yesterday' })
    expect(rows(site)).toMatchObject([{ title: 'Title of A' }, {}, {}, {}])
    const run = /name="run" value="([^"]+)"/.exec(page)?.[1] ?? ''
    await site.post('lee', '/refresh', { action: 'save', run })
    expect(rows(site)).toMatchObject([
      { title: 'New A', author: 'Doe, J.' },
      { title: 'Meanwhile', author: 'Doe, J.' },
      { title: 'Title of C' },
      { title: 'Title of D' },
    ])
    expect(await (await site.as('lee', '/refresh')).text()).toContain('2 items saved.')
  })

  it('does not ask a dead library system about every item', async () => {
    const lsp = testLsp({})
    let asked = 0
    lsp.lookUp = async () => {
      asked++
      return { kind: 'unreachable', why: 'fault' }
    }
    const site = await startSite({ lsp })
    for (let n = 0; n < 60; n++) await site.addItem(`i${n}`, { convert: false })
    await site.post('lee', '/refresh')
    expect(await finished(site)).toContain('Stopped before the end')
    expect(asked).toBeLessThan(20)
  })
})
