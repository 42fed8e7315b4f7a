import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { testFolder } from './support/folder.ts'
import { freePort } from './support/site.ts'

const ROOT = join(import.meta.dirname, '..')

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a file of the project in a folder, with nothing else in the environment. */
function run(cwd: string, file: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd, env: { PATH: process.env.PATH }, timeout: 20_000 }
    execFile(process.execPath, [join(ROOT, file), ...args], options, (fault, out, err) => {
      resolve({ code: fault === null ? 0 : Number(fault.code), out, err })
    })
  })
}

async function folderWith(ini: string): Promise<{ folder: string; url: string }> {
  const folder = testFolder()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  writeFileSync(
    join(folder, 'settings.ini'),
    `[carrel]\nBASE_URL = ${url}\nPORT = ${port}\n${ini}\n`,
  )
  return { folder, url }
}

async function serverIn(folder: string) {
  const child = spawn(process.execPath, [join(ROOT, 'src/server.ts')], {
    cwd: folder,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  for await (const chunk of child.stdout) {
    output += chunk
    if (output.includes('Carrel listens on')) break
  }
  return { child, output }
}

describe('the server', () => {
  it('prints one line for each fault of the settings and exits 1', async () => {
    const { folder } = await folderWith('COLOUR = blue\nLARGEST_VIEW = 1')
    const { code, out, err } = await run(folder, 'src/server.ts')
    expect([code, out]).toEqual([1, ''])
    expect(err.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/\[carrel\] COLOUR: no such setting/),
      expect.stringMatching(/\[carrel\] LARGEST_VIEW: expected a whole number of pixels from 256/),
    ])
  })

  it('does not start on a settings file that is not there, or a database that is not its own', async () => {
    const { folder } = await folderWith('DATABASE_FILE = other.db')
    expect(await run(folder, 'src/server.ts', '--settings', 'nothing.ini')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/nothing\.ini: there is no such file\n$/),
    })
    writeFileSync(
      join(folder, 'other.db'),
      'this is no database, but somebody may need it'.repeat(100),
    )
    expect(await run(folder, 'src/server.ts')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/other\.db is damaged/),
    })
  })

  it('says in one line that its port is taken, and what to do', async () => {
    const { folder, url } = await folderWith('')
    const other = createServer().listen(Number(new URL(url).port), '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    expect(await run(folder, 'src/server.ts')).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /^cannot listen on 127\.0\.0\.1 port \d+: it is in use; choose another PORT\n$/,
      ),
    })
  })

  it('prints one line with its address, and ends on SIGTERM though a request is half sent', async () => {
    const { folder, url } = await folderWith('')
    const { child, output } = await serverIn(folder)
    expect(output).toContain(`Carrel listens on ${url}\n`)
    const half: Socket = connect(Number(new URL(url).port), '127.0.0.1')
    half.on('error', () => {})
    half.write('GET / HTTP/1.1\r\nHost: x\r\n')
    await once(half, 'connect')
    const exit = once(child, 'exit')
    const started = Date.now()
    child.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
    expect(Date.now() - started).toBeLessThan(12_000)
  })

  it('listens on a Unix socket, over which the sign-in header is believed', async () => {
    const { folder } = await folderWith('SOCKET = carrel.sock\nTRUSTED_PROXIES = 192.0.2.1')
    await serverIn(folder)
    const socket = connect(join(folder, 'carrel.sock'))
    socket.write('GET /item/A HTTP/1.1\r\nHost: x\r\nREMOTE_USER: ann\r\nConnection: close\r\n\r\n')
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1\.1 404/)
  })
})

describe('the scripts', () => {
  it('add an item and make it ready, and refuse to guess', async () => {
    const { folder } = await folderWith('')
    const items = (...args: string[]) => run(folder, 'scripts/items.ts', ...args)
    const add = [
      'add',
      '0042',
      '--title',
      'Optics',
      '--author',
      'Doe',
      '--year',
      '1992',
      '--copies',
      '2',
      '--hours',
      '1',
      '--ready',
    ]
    expect(await items(...add)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^added 0042\n0042 is ready/),
    })
    expect(await items(...add)).toMatchObject({
      code: 1,
      err: 'there is an item 0042 already; nothing was changed\n',
    })
    expect(await items('add', '../x', '--title', 'T')).toMatchObject({ code: 2 })
    expect(await items('add', '0043', '--title', 'T', '--copies', 'many')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^Copies must be/),
    })
    expect(await items('ready', '0043')).toMatchObject({ code: 1, err: 'there is no item 0043\n' })
    expect(await items('frobnicate')).toMatchObject({ code: 2 })
    expect(await items('not-ready', '0042')).toMatchObject({ code: 0 })
    const { out } = await items('list', '--json')
    expect(JSON.parse(out)).toEqual([
      expect.objectContaining({
        barcode: '0042',
        title: 'Optics',
        copies: 2,
        loanHours: 1,
        ready: false,
      }),
    ])
  })

  it('keep the list of the staff', async () => {
    const { folder } = await folderWith('')
    const people = (...args: string[]) => run(folder, 'scripts/people.ts', ...args)
    expect(await people('add', 'Lee@Example.edu', '--role', 'library')).toMatchObject({
      code: 0,
      out: 'lee@example.edu is on the staff now\n',
    })
    expect(await people('add', 'ann')).toMatchObject({ code: 2 })
    expect(await people('list', '--json')).toMatchObject({ code: 0, out: '["lee@example.edu"]\n' })
    expect(await people('remove', 'LEE@example.edu')).toMatchObject({ code: 0 })
    expect(await people('remove', 'lee@example.edu')).toMatchObject({ code: 1 })
  })

  it('ask the LSP, or say that there is none to ask', async () => {
    const none = await folderWith('')
    const set = await folderWith('LSP_TYPE = folio')
    const check = (folder: string, ...args: string[]) =>
      run(folder, 'scripts/check-lsp.ts', ...args)
    expect(await check(none.folder, '0042')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/entered by hand/),
    })
    expect(await check(none.folder, '../x')).toMatchObject({ code: 2 })
    expect(await check(set.folder, '0042')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/FOLIO is not available/),
    })
  })

  it.each(['items', 'people', 'convert-scans', 'check-lsp'])('%s explains itself', async (name) => {
    const folder = testFolder()
    mkdirSync(join(folder, 'data'))
    const { code, out } = await run(folder, `scripts/${name}.ts`, '--help')
    expect([code, out.includes('--settings FILE')]).toEqual([0, true])
  })
})
