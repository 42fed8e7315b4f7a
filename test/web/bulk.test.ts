import { describe, expect, it } from 'vitest'
import { upload } from '../support/forms.ts'
import { RECORD, testLsp } from '../support/lsp.ts'
import { type Site, startSite } from '../support/site.ts'

const items = (site: Site) =>
  site.db.$client.prepare('select barcode, title, copies, loan_hours from items').raw().all()

async function uploadList(site: Site, csv: string | Buffer<ArrayBuffer>): Promise<string> {
  const answer = await upload(site, 'lee', '/bulk', { csv: new Blob([csv]) })
  expect(answer.status, await answer.text()).toBe(303)
  return answer.headers.get('location') ?? ''
}

/** The table of the page: line, barcode, title and fate of each row. */
async function rowsOf(site: Site, path: string): Promise<string[][]> {
  const page = await (await site.as('lee', path)).text()
  return [...page.matchAll(/<tr role="row"><td.*<\/tr>/g)].map(([row]) =>
    [...row.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/g)].map((cell) => cell[1] ?? ''),
  )
}

async function addList(site: Site, path: string): Promise<string[][]> {
  expect((await site.post('lee', path)).status).toBe(303)
  await expect
    .poll(async () => (await site.as('lee', path)).text(), { timeout: 30_000 })
    .toContain('data-progress="done"')
  return rowsOf(site, path)
}

describe('a list of items', () => {
  it('is for the staff', async () => {
    const site = await startSite()
    for (const path of ['/bulk', '/bulk/x']) {
      const statuses = await Promise.all(
        [undefined, 'ann', 'lee'].map(async (who) => (await site.as(who, path)).status),
      )
      expect(statuses, path).toEqual([401, 403, path === '/bulk' ? 200 : 404])
      const posts = [undefined, 'ann'].map(async (who) => (await site.post(who, path)).status)
      expect(await Promise.all(posts), path).toEqual([401, 403])
    }
  })

  it('shows what becomes of each row, then adds the good ones and holds none of them back', async () => {
    const site = await startSite()
    await site.addItem('A', { convert: false })
    const path = await uploadList(
      site,
      '\ufeffBarcode;Copies;Hours;Title;Colour\r\n001;3;0,5;"Optics; light";red\r\n\r\n' +
        '../x;1;1;Bad;\r\nA;1;1;There;\r\n002;-1;0;Bad;\r\n001;1;1;Again;\r\n003;;;;\r\n004;;;Last "one";\r\n',
    )
    const bad = [
      ['4', '../x', 'Bad', expect.stringContaining('A barcode has')],
      ['5', 'A', 'There', expect.stringContaining('already; it stays as it is')],
      ['6', '002', 'Bad', expect.stringMatching(/Copies must.*Loan hours must/)],
      ['7', '001', 'Again', 'The same barcode stands in line 2.'],
      ['8', '003', '', 'Enter the title.'],
    ]
    expect(await rowsOf(site, path)).toEqual([
      ['2', '001', 'Optics; light', 'Will be added.'],
      ...bad,
      ['9', '004', 'Last &quot;one&quot;', 'Will be added.'],
    ])
    expect(await (await site.as('lee', path)).text()).toContain('not used: Colour')
    expect(items(site)).toHaveLength(1)
    expect(await addList(site, path)).toEqual([
      ['2', '001', 'Optics; light', 'Added.'],
      ...bad,
      ['9', '004', 'Last &quot;one&quot;', 'Added.'],
    ])
    expect(items(site)).toEqual([
      ['A', 'Title of A', 1, 2],
      ['001', 'Optics; light', 3, 0.5],
      ['004', 'Last "one"', 1, 2],
    ])
    const audited = site.db.$client.prepare("select barcode from audit where act = 'add'").pluck()
    expect(audited.all()).toEqual(['001', '004'])
    expect(await (await site.as('lee', '/bulk')).text()).toContain(path)
    await addList(site, path)
    expect(items(site)).toHaveLength(3)
  })

  it('gives back the rows that were left out, with line and reason, safe in a spreadsheet', async () => {
    const site = await startSite()
    const path = await uploadList(
      site,
      'barcode,copies,title,shelf\nA,1,Good,x\nB,-1,=1+1,x\nC,1,,x\n',
    )
    const page = await (await site.as('lee', path)).text()
    expect(page).toContain(`href="${path}/bad.csv"`)
    const answer = await site.as('lee', `${path}/bad.csv`)
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment/)
    const csv = Buffer.from(await answer.arrayBuffer()).toString()
    expect(csv).toBe(
      '\ufeffline,reason,barcode,title,copies\r\n' +
        "3,Copies must be a whole number from 0 to 999.,B,'=1+1,'-1\r\n" +
        '4,Enter the title.,C,,1\r\n',
    )
    const again = await rowsOf(site, await uploadList(site, csv.replace("'-1", '1')))
    expect(again).toEqual([
      ['2', 'B', '=1+1', 'Will be added.'],
      ['3', 'C', '', 'Enter the title.'],
    ])
    const statuses = [undefined, 'ann'].map(async (who) => site.as(who, `${path}/bad.csv`))
    expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual([401, 403])
    expect((await site.as('lee', '/bulk/x/bad.csv')).status).toBe(404)
  })

  it('of thousands of rows is added while readers are served', async () => {
    const site = await startSite()
    const rows = Array.from({ length: 1500 }, (_, n) => `b${n},Title ${n}`)
    const path = await uploadList(site, ['barcode,title', ...rows].join('\n'))
    expect((await site.post('lee', path)).status).toBe(303)
    const page = await (await site.as('lee', path)).text()
    expect(page).toContain('data-progress="running"')
    expect((await site.as('ann', '/')).status).toBe(200)
    await addList(site, path)
    expect(items(site)).toHaveLength(1500)
  })

  it.each([
    ['no file', undefined, /Choose a file/],
    ['an empty file', '', /The file is empty/],
    ['names of columns alone', 'barcode,title\n', /no rows/],
    ['no column of barcodes', 'title,author\nA,B\n', /must be “barcode”/],
    ['two columns that mean the same', 'barcode,copies,num_copies\n', /mean the same: copies/],
    ['an open quotation mark', 'barcode,title\n1,"a\n2,b\n', /never closed/],
    ['Latin-1', Buffer.from('barcode,title\n1,Caf\xe9', 'latin1'), /not UTF-8/],
    ['a spreadsheet', Buffer.from('PK\x03\x04\0\0'), /not text/],
    ['more than 1 MB', `barcode\n${'1'.repeat(1_000_000)}`, /1 MB or smaller/],
    ['too many rows', 'barcode\n'.repeat(5_002), /at most 5,000/],
  ])('with %s comes back as a sentence', async (_, csv, sentence) => {
    const site = await startSite()
    const fields = csv === undefined ? { other: 'x' } : { csv: new Blob([csv]) }
    const answer = await upload(site, 'lee', '/bulk', fields)
    expect(answer.status).toBe(400)
    expect(await answer.text()).toMatch(sentence)
  })

  it('is filled from the library system where rows have no title', async () => {
    const lsp = testLsp({
      '001': { kind: 'found', record: RECORD },
      '002': { kind: 'unreachable', why: 'fault' },
    })
    const site = await startSite({ lsp })
    const path = await uploadList(site, '001\n002\n003\n')
    const fates = (await rowsOf(site, path)).map(([, , , fate]) => fate)
    expect(fates).toEqual(Array(3).fill('Will be looked up in the library system and added.'))
    expect(lsp.asked).toEqual([])
    expect(await addList(site, path)).toEqual([
      ['1', '001', 'Optics', 'Added.'],
      [
        '2',
        '002',
        '',
        'The test LSP reports a fault of its own. Try again later, or enter the item by hand.',
      ],
      ['3', '003', '', expect.stringContaining('knows no item')],
    ])
    expect(items(site)).toEqual([['001', 'Optics', 1, 2]])
  })

  it('waits for a library system that is busy for a moment, and loses no row to that', async () => {
    const lsp = testLsp({ '001': { kind: 'found', record: RECORD } })
    const { lookUp } = lsp
    let busy = 2
    lsp.lookUp = async (barcode) =>
      busy-- > 0 ? { kind: 'unreachable', why: 'busy', retryAfterS: 0.02 } : lookUp(barcode)
    const site = await startSite({ lsp })
    const rows = await addList(site, await uploadList(site, '001\n'))
    expect(rows).toEqual([['1', '001', 'Optics', 'Added.']])
  })

  it('may itself tell what the library system does not', async () => {
    const record = { ...RECORD, author: '' }
    const answer = { kind: 'incomplete', fields: ['author'], record } as const
    const site = await startSite({ lsp: testLsp({ '001': answer, '002': answer }) })
    const path = await uploadList(site, 'barcode,author\n001,Roe\n002,\n')
    expect((await addList(site, path)).map(([, , , fate]) => fate)).toEqual([
      'Added.',
      'The test LSP has this item without author. Add what is missing.',
    ])
  })
})
