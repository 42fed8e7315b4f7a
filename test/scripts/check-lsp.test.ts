import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type Fake, startFake } from '../support/fake.ts'
import { scriptFolder } from '../support/scripts.ts'

const SECRETS = ['correct horse', 'access.', 'refresh.', 'secret/path']
const OPTICS = '35047000000017'

let fake: Fake
beforeAll(async () => {
  fake = await startFake('folio')
})
afterAll(() => fake.stop())
beforeEach(() => fake.fault(''))

const folder = (url = fake.url) =>
  scriptFolder(`LSP_TYPE = folio
[folio]
FOLIO_OKAPI_URL = ${url}
FOLIO_OKAPI_TENANT_ID = library
FOLIO_USER = carrel
FOLIO_PASSWORD = correct horse`)

describe('check-lsp', () => {
  it('prints the record of an item', async () => {
    const { run } = folder()
    const [lines, json] = await Promise.all([
      run('check-lsp', OPTICS),
      run('check-lsp', OPTICS, '--json'),
    ])
    expect(lines).toMatchObject({ code: 0, err: '' })
    expect(lines.out).toContain('title: Example optics : a primer\nauthor: Jane Doe and Wei Li\n')
    expect(JSON.parse(json.out)).toMatchObject({ year: '1992', isbnIssn: '9780000000019' })
  })

  it('prints the reason when there is none, and exits 1', async () => {
    const { run } = folder()
    const [undated, none] = await Promise.all(
      ['35047000000025', '0042'].map((code) => run('check-lsp', code)),
    )
    expect(undated).toMatchObject({ code: 1, err: 'FOLIO has this item without year.\n' })
    expect(undated?.out, 'what there is').toContain('title: A book without a year\n')
    expect(none).toEqual({
      code: 1,
      out: '',
      err: 'FOLIO knows no item with this barcode. Check it.\n',
    })
  })

  it('says to whoever runs it what to check, with the code of the trouble', async () => {
    const { run } = folder()
    await fake.fault('close')
    const [item, way] = await Promise.all([run('check-lsp', OPTICS), run('check-lsp')])
    const err = 'The connection to FOLIO failed. Try again later. (UND_ERR_SOCKET)\n'
    expect([item, way]).toEqual(Array(2).fill({ code: 1, out: '', err }))
    await fake.fault('403')
    const shut = 'FOLIO does not let Carrel look this up. Check the account.\n'
    expect(await run('check-lsp')).toEqual({ code: 1, out: '', err: shut })
  })

  it('without a barcode says whether the LSP answers and lets us in', async () => {
    const { run } = folder()
    expect(await run('check-lsp')).toEqual({
      code: 0,
      out: 'FOLIO answers and lets Carrel in.\n',
      err: '',
    })
    await fake.fault('500')
    expect(await run('check-lsp')).toEqual({
      code: 1,
      out: '',
      err: 'FOLIO reports a fault of its own. Try again later.\n',
    })
  })

  it('says that there is none to ask, and refuses to guess a barcode', async () => {
    const { run } = scriptFolder()
    const [none, wrong] = await Promise.all([run('check-lsp'), run('check-lsp', '../x')])
    expect(none).toMatchObject({ code: 0, out: expect.stringMatching(/entered by hand/) })
    expect(wrong).toMatchObject({ code: 2, err: expect.stringMatching(/^\.\.\/x: A barcode has/) })
  })

  it('does not show its keys in the list of processes', async () => {
    await fake.fault('hang')
    const before = (await fake.asked()).length
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, '../../scripts/check-lsp.ts'), OPTICS],
      { cwd: folder().folder, env: { PATH: process.env.PATH }, stdio: 'ignore' },
    )
    onTestFinished(() => void child.kill())
    await expect.poll(async () => (await fake.asked()).length, { timeout: 20_000 }).not.toBe(before)
    const shown = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8')
    expect(shown).toContain('check-lsp.ts')
    for (const secret of SECRETS) expect(shown).not.toContain(secret)
    const exit = once(child, 'exit')
    child.kill()
    await exit
  })
})
