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

async function serverIn(folder: string, nodeOptions: readonly string[] = []) {
  const child = spawn(process.execPath, [...nodeOptions, join(ROOT, 'src/server.ts')], {
    cwd: folder,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  while (!output.includes('Carrel listens on')) await once(child.stdout, 'data')
  return { child, output: () => output }
}

/**
 * A connection that sends this and then no more. The server has read it: it came in one piece with a
 * request that is answered.
 */
async function halfSent(url: string, text: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(`GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n${text}`)
  await once(socket, 'data')
  return socket
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

  it('4.2 SIGTERM: lets go of a half-sent request within 10 seconds and exits 0', async () => {
    const { folder, url } = await folderWith('')
    const { child, output } = await serverIn(folder)
    expect(output()).toContain(`Carrel listens on ${url}\n`)
    await halfSent(url, 'GET / HTTP/1.1\r\nHost: x\r\n')
    const exit = once(child, 'exit')
    const started = Date.now()
    child.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
    expect(Date.now() - started).toBeLessThan(12_000)
  })

  it('4.2 SIGTERM twice: the second one ends it at once; SIGHUP leaves it running', async () => {
    const { folder, url } = await folderWith('')
    const { child, output } = await serverIn(folder)
    child.kill('SIGHUP')
    while (!output().includes('process.hangup')) await once(child.stdout, 'data')
    expect((await fetch(`${url}/healthz`)).status).toBe(204)
    await halfSent(url, 'GET / HTTP/1.1\r\nHost: x\r\n')
    const exit = once(child, 'exit')
    const started = Date.now()
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGTERM'), 200)
    expect(await exit).toEqual([1, null])
    expect(Date.now() - started).toBeLessThan(5_000)
  })

  it.each([
    ['thrown', "()=>{throw new Error('nobody caught it')}"],
    ['rejected', "()=>Promise.reject(new Error('nobody caught it'))"],
  ])('4.2 uncaught exception: one %s is logged, and the server ends with 1', async (_, fault) => {
    const { folder } = await folderWith('')
    const trap = `data:text/javascript,process.on('SIGUSR2',${fault})`
    const { child, output } = await serverIn(folder, ['--import', trap])
    const exit = once(child, 'exit')
    child.kill('SIGUSR2')
    expect(await exit).toEqual([1, null])
    const line = output()
      .split('\n')
      .find((one) => one.includes('process.fault'))
    expect(JSON.parse(line ?? '')).toMatchObject({
      level: 'error',
      err: { message: 'nobody caught it' },
    })
  })

  it('4.2 slowloris: half-sent heads are let go after 10 seconds, and delay nobody', async () => {
    const { folder, url } = await folderWith('')
    await serverIn(folder)
    const slow = await Promise.all(
      Array.from({ length: 200 }, () => halfSent(url, 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ')),
    )
    const closed = Promise.all(slow.map((socket) => once(socket.resume(), 'close')))
    const started = Date.now()
    const times: number[] = []
    for (let n = 0; n < 5; n++) {
      const asked = Date.now()
      await fetch(`${url}/healthz`)
      times.push(Date.now() - asked)
    }
    expect(Math.min(...times)).toBeLessThan(50)
    await closed
    expect(Date.now() - started).toBeLessThan(13_000)
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

  it.each(['items', 'people', 'convert-scans', 'check-lsp'])('%s explains itself', async (name) => {
    const folder = testFolder()
    mkdirSync(join(folder, 'data'))
    const { code, out } = await run(folder, `scripts/${name}.ts`, '--help')
    expect([code, out.includes('--settings FILE')]).toEqual([0, true])
  })
})
