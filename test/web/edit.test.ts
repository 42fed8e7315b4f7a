import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { hugePng, upload } from '../support/forms.ts'
import { manifestFile, manifestOf, type Site, startSite } from '../support/site.ts'

const rows = (site: Site) => site.db.$client.prepare('select * from items').all()
const audited = (site: Site) =>
  site.db.$client.prepare('select act, barcode, detail from audit order by id').all()
const coverOf = (site: Site, item: string) => join(site.settings.thumbnailsDir, `${item}.jpg`)
const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 4, background: '#c33c' } })
const blob = (bytes: Uint8Array) => new Blob([Buffer.from(bytes)])

describe('the pages that change an item', () => {
  it('are refused to strangers with 401, to patrons with 403, and know which items there are', async () => {
    const site = await startSite()
    await site.addItem('A', { convert: false })
    for (const path of ['/edit/A', '/delete-thumbnail/A']) {
      const statuses = await Promise.all(
        [undefined, 'ann', 'lee'].map(async (who) => (await site.as(who, path)).status),
      )
      expect(statuses, path).toEqual([401, 403, 200])
    }
    for (const path of ['/update/edit', '/delete-thumbnail/A']) {
      const statuses = await Promise.all(
        [undefined, 'ann'].map(async (who) => (await site.post(who, path)).status),
      )
      expect(statuses, path).toEqual([401, 403])
    }
    expect((await site.as('lee', '/edit/B')).status).toBe(404)
    expect((await site.as('lee', '/delete-thumbnail/B')).status).toBe(404)
    const answer = await site.post('lee', '/update/edit', { old_barcode: 'B', title: 'x' })
    expect(answer.status).toBe(404)
  })
})

describe('editing an item', () => {
  it('changes what was sent, keeps the rest, and says so', async () => {
    const site = await startSite()
    await site.addItem('A', { convert: false })
    const answer = await site.post('lee', '/update/edit', {
      barcode: 'A',
      old_barcode: 'A',
      title: 'Optics <2>',
      num_copies: '4',
      item_page: 'https://catalogue.example.edu/1',
    })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/edit/A?saved=yes'])
    expect(rows(site)).toMatchObject([
      {
        title: 'Optics <2>',
        author: 'A. N. Author',
        copies: 4,
        loan_hours: 2,
        ready: 1,
        item_page: 'https://catalogue.example.edu/1',
      },
    ])
    const page = await (await site.as('lee', '/edit/A?saved=yes')).text()
    expect(page).toContain('Saved.')
    expect(page).toContain('value="Optics &lt;2&gt;"')
    expect(audited(site)).toEqual([{ act: 'edit', barcode: 'A', detail: 'title itemPage copies' }])
  })

  it('never cuts a running loan when copies are lowered, and says until when they run', async () => {
    const site = await startSite()
    await site.addItem('A', { copies: 2 })
    await site.post('ann', '/loan', { barcode: 'A' })
    await site.post('bob', '/loan', { barcode: 'A' })
    await site.post('lee', '/update/edit', { old_barcode: 'A', num_copies: '1' })
    const words =
      /2 loans still run, 1 more than copies: the paper copy goes back to the shelf after 13:00 CET/
    expect(await (await site.as('lee', '/edit/A')).text()).toMatch(words)
    expect(audited(site)).toMatchObject([{ detail: expect.stringMatching(words) }])
    expect((await site.as('bob', '/manifests/A')).status).toBe(200)
    expect((await site.post('cid', '/loan', { barcode: 'A' })).status).toBe(409)
  })

  it('leads to ending the newest loans beyond the copies', async () => {
    const site = await startSite()
    await site.addItem('A', { copies: 3 })
    for (const reader of ['ann', 'bob', 'cid']) await site.post(reader, '/loan', { barcode: 'A' })
    await site.post('lee', '/update/edit', { old_barcode: 'A', num_copies: '1' })
    const page = await (await site.as('lee', '/edit/A')).text()
    expect(page).toContain('href="/end-newest?barcode=A"')
    expect(page).toContain('End the 2 newest loans now')
    await site.post('lee', '/end-newest', { barcode: 'A', loans: '2' })
    expect(await (await site.as('lee', '/edit/A')).text()).not.toContain('still run')
  })

  it.each([
    ['title', { title: ' ' }, /Enter the title/],
    ['num_copies', { num_copies: '-1' }, /Copies must be/],
    ['num_copies', { num_copies: '1e2' }, /Copies must be/],
    ['duration', { duration: '99999' }, /Loan hours must be/],
    ['barcode', { barcode: '../x' }, /A barcode has 1 to 64/],
    ['barcode', { barcode: '' }, /A barcode has 1 to 64/],
    ['barcode', { barcode: 'B' }, /There is an item with this barcode already/],
    ['item_page', { item_page: 'javascript:alert(1)' }, /must be an address/],
  ])(
    'gives the form back with what was typed and a sentence at %s',
    async (field, wrong, sentence) => {
      const site = await startSite()
      for (const item of ['A', 'B']) await site.addItem(item, { convert: false })
      const before = rows(site)
      const typed = { barcode: 'A', old_barcode: 'A', title: 'T', notes: 'Kept\nnotes', ...wrong }
      const answer = await upload(site, 'lee', '/update/edit', typed)
      const page = await answer.text()
      expect([400, 409]).toContain(answer.status)
      expect(page).toMatch(sentence)
      expect(page).toContain(`href="#${field}"`)
      expect(page).toContain('Kept\nnotes')
      expect(page).toContain('name="old_barcode" value="A"')
      expect(rows(site)).toEqual(before)
      expect(audited(site)).toEqual([])
    },
  )

  it('4.2 body: refuses a form that was cut off, that has a field twice or that is no form', async () => {
    const site = await startSite()
    await site.addItem('A', { convert: false })
    const part = (name: string) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\nA`
    const send = (body: string, type = 'multipart/form-data; boundary=x') =>
      site.as('lee', '/update/edit', {
        method: 'POST',
        body,
        headers: { origin: site.url, 'Content-Type': type },
      })
    expect((await send(`${part('old_barcode')}\r\n--x--\r\n`)).status).toBe(303)
    expect((await send(part('old_barcode'))).status).toBe(400)
    expect((await send('')).status).toBe(400)
    const twice = `${part('title')}\r\n${part('title')}\r\n--x--\r\n`
    expect((await send(twice)).status).toBe(400)
    expect((await send('{}', 'application/json')).status).toBe(415)
  })
})

describe('the cover of an item', () => {
  it.each([
    [
      'JPEG',
      () =>
        picture(3000, 2000)
          .jpeg()
          .withExif({ IFD0: { Artist: 'Somebody' } }),
    ],
    ['PNG', () => picture(3000, 2000).png()],
    ['WebP', () => picture(3000, 2000).webp()],
  ])('is taken as %s and drawn anew, bounded and without metadata', async (_, make) => {
    const site = await startSite()
    const cover = blob(await make().toBuffer())
    const answer = await upload(site, 'lee', '/update/add', { barcode: 'A', title: 'T', cover })
    expect(answer.status).toBe(303)
    const shown = await site.as(undefined, '/thumbnails/A.jpg')
    expect(shown.headers.get('content-type')).toBe('image/jpeg')
    const { format, width, height, exif } = await sharp(await shown.bytes()).metadata()
    expect({ format, width, height, exif }).toEqual({
      format: 'jpeg',
      width: 600,
      height: 400,
      exif: undefined,
    })
  })

  it.each([
    ['of 5 MB', async () => Buffer.alloc(5 * 1024 * 1024, '\xff\xd8\xff', 'latin1'), /5 MB/],
    ['of 20 MB', async () => Buffer.alloc(20 * 1024 * 1024, '\xff\xd8\xff', 'latin1'), /5 MB/],
    [
      'that is SVG',
      async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      /JPEG, PNG or WebP/,
    ],
    ['that is GIF', () => picture(9, 9).gif().toBuffer(), /JPEG, PNG or WebP/],
    ['of 30,000 x 30,000 pixels', async () => hugePng(30_000), /30000 x 30000 pixels/],
    [
      'that is cut off',
      async () => (await picture(900, 900).jpeg({ quality: 100 }).toBuffer()).subarray(0, 3000),
      /damaged/,
    ],
    ['that is empty', async () => Buffer.alloc(0), /JPEG, PNG or WebP/],
  ])('1.8 upload: %s comes back as a sentence, and nothing is saved', async (_, make, sentence) => {
    const site = await startSite()
    const fields = { barcode: 'A', title: 'Kept', cover: blob(await make()) }
    const answer = await upload(site, 'lee', '/update/add', fields)
    const page = await answer.text()
    expect(answer.status).toBe(400)
    expect(page).toMatch(sentence)
    expect(page).toContain('href="#cover"')
    expect(page).toContain('value="Kept"')
    expect(rows(site)).toEqual([])
    expect(existsSync(coverOf(site, 'A'))).toBe(false)
  })

  it('of an item stays when another is added with its barcode', async () => {
    const site = await startSite()
    await site.addItem('A', { convert: false })
    const cover = blob(await picture(9, 9).png().toBuffer())
    const answer = await upload(site, 'lee', '/update/add', { barcode: 'A', title: 'T', cover })
    expect(answer.status).toBe(409)
    expect(existsSync(coverOf(site, 'A'))).toBe(false)
  })

  it('1.1 D9: goes by a button on a page, never by its address alone', async () => {
    const site = await startSite()
    await site.addItem('A', { convert: false })
    const cover = blob(await picture(9, 9).png().toBuffer())
    await upload(site, 'lee', '/update/edit', { old_barcode: 'A', cover })
    expect(await (await site.as('lee', '/edit/A')).text()).toContain('/thumbnails/A.jpg?v=')
    expect((await site.as('lee', '/delete-thumbnail/A')).status).toBe(200)
    expect(existsSync(coverOf(site, 'A'))).toBe(true)
    expect((await site.post('lee', '/delete-thumbnail/A')).status).toBe(303)
    expect(existsSync(coverOf(site, 'A'))).toBe(false)
    expect((await site.post('lee', '/delete-thumbnail/A')).status).toBe(303)
    expect(await (await site.as('lee', '/edit/A')).text()).not.toContain('/thumbnails/A.jpg')
  })
})

describe('another barcode', () => {
  it('1.1 D14: goes with all that is named by it, and with the past loans', async () => {
    const site = await startSite()
    await site.addItem('A')
    const cover = blob(await picture(9, 9).png().toBuffer())
    await upload(site, 'lee', '/update/edit', { old_barcode: 'A', cover })
    await site.post('ann', '/loan', { barcode: 'A' })
    await site.post('ann', '/return/A')
    const fields = { barcode: 'B.json', old_barcode: 'A', title: 'New title' }
    const answer = await site.post('lee', '/update/edit', fields)
    expect(answer.headers.get('location')).toBe('/edit/B.json?saved=yes')
    expect(rows(site)).toMatchObject([{ barcode: 'B.json', title: 'New title', ready: 1 }])
    expect(site.db.$client.prepare('select barcode from loans').pluck().all()).toEqual(['B.json'])
    expect(audited(site).at(-1)).toMatchObject({
      barcode: 'B.json',
      detail: expect.stringContaining('was A'),
    })
    for (const gone of [
      manifestFile(site, 'A'),
      coverOf(site, 'A'),
      join(site.settings.imagesDir, 'A'),
    ]) {
      expect(existsSync(gone), gone).toBe(false)
    }
    expect(manifestOf(site, 'B.json')).not.toContain('images.carrel.invalid/A/')
    expect((await site.as('ann', '/thumbnails/B.json.jpg')).status).toBe(200)
    await site.post('bob', '/loan', { barcode: 'B.json' })
    const image = await site.as('bob', '/iiif/B.json/1/full/100,/0/default.jpg')
    expect(image.status).toBe(200)
    expect((await sharp(await image.bytes()).metadata()).width).toBe(100)
  })

  it('is refused while the item is on loan, until when', async () => {
    const site = await startSite()
    await site.addItem('A')
    await site.post('ann', '/loan', { barcode: 'A' })
    const change = () => site.post('lee', '/update/edit', { barcode: 'B', old_barcode: 'A' })
    const answer = await change()
    expect(answer.status).toBe(409)
    expect(await answer.text()).toContain('while the item is on loan: until today at 13:00 CET')
    expect((await site.as('ann', '/manifests/A')).status).toBe(200)
    site.clock.t += 2 * 3_600_000
    expect((await change()).status).toBe(303)
  })

  it('is refused while its scans are in work, and while files for it lie there', async () => {
    const site = await startSite()
    await site.addItem('A')
    const change = async () => {
      const answer = await site.post('lee', '/update/edit', { barcode: 'B', old_barcode: 'A' })
      return [answer.status, await answer.text()]
    }
    const { processDir = '', imagesDir } = site.settings
    mkdirSync(processDir, { recursive: true })
    writeFileSync(join(processDir, 'B-initiated'), '')
    writeFileSync(join(processDir, 'A-initiated'), '')
    expect(await change()).toEqual([409, expect.stringContaining('wait for conversion')])
    rmSync(join(processDir, 'A-initiated'))
    writeFileSync(manifestFile(site, 'B'), 'of somebody else')
    expect(await change()).toEqual([409, expect.stringContaining('There is a file for this')])
    expect(manifestOf(site, 'B')).toBe('of somebody else')
    expect(readdirSync(imagesDir).filter((name) => !name.startsWith('.'))).toEqual(['A'])
    rmSync(manifestFile(site, 'B'))
    expect((await change())[0]).toBe(303)
    expect(manifestOf(site, 'B')).toContain('/B/')
  })
})
