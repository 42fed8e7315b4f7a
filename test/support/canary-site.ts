import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { parseItemDraft } from '../../src/items/draft.ts'
import { itemsIn } from '../../src/items/items.ts'
import { peopleIn } from '../../src/people/people.ts'
import { loadSettings, type Settings } from '../../src/settings.ts'
import { type Fake, startFake } from './fake.ts'
import { answer, type FaultUpstream, faultUpstream } from './fault-upstream.ts'
import { freePort } from './free-port.ts'
import { infoJson } from './iiif-upstream.ts'
import { openTestDb, patron } from './lending.ts'
import { type FakeSmtp, fakeSmtp } from './mail.ts'
import { imagesFrom, putRemoteManifest } from './remote-item.ts'
import { noisyJpeg, PAGE } from './remote-site.ts'
import { scriptFolder } from './scripts.ts'

export const TOKEN = 'a-token-for-the-tests'

/** A Carrel of real processes with all its neighbours, each of which records what it is asked. */
export interface CanarySite {
  readonly folder: string
  /** Where its processes put temporary files. */
  readonly temporary: string
  readonly settings: Settings
  readonly upstream: FaultUpstream
  readonly smtp: FakeSmtp
  readonly lsp: Fake
  readonly covers: Fake
  /** Runs a script of the project. */
  readonly run: ReturnType<typeof scriptFolder>['run']
  /** All that was written on standard output and standard error by all its processes. */
  output(): string
  start(ini: string, offMs: number): Promise<CanaryServer>
}

export interface CanaryServer {
  /** See clocked-server.ts. */
  tell(line: string): Promise<void>
  end(how: 'SIGTERM' | 'crash'): Promise<number | null>
}

/** Items A and B have one page on the image server each; `lee` is on the staff. */
export async function canarySite(): Promise<CanarySite> {
  const [port, mailPort] = [await freePort(), await freePort()]
  const upstream = await faultUpstream()
  onTestFinished(() => upstream.close())
  const service = (name: string) => `${upstream.origin}/iiif/${name}`
  const [smtp, lsp, covers, jpeg] = await Promise.all([
    fakeSmtp(mailPort, 'bad-recipient'),
    startFake('tind'),
    startFake('covers'),
    noisyJpeg(),
  ])
  onTestFinished(async () => void (await Promise.all([lsp.stop(), covers.stop()])))
  const info = JSON.stringify(infoJson(PAGE, 'http://u/info.json'))
  upstream.play((socket, { target }) =>
    socket.write(
      target.endsWith('info.json') ? answer(info, { type: 'application/json' }) : answer(jpeg),
    ),
  )
  const ini = [
    imagesFrom({ service }),
    `METRICS_TOKEN = ${TOKEN}\nREAD_BURST = 12\nREAD_PER_SECOND = 0.1`,
    `MAIL_HOST = 127.0.0.1\nMAIL_PORT = ${mailPort}\nMAIL_SENDER = library@example.edu`,
    `LSP_TYPE = tind\nCOVERS = openlibrary, google`,
    `OPEN_LIBRARY_URL = ${covers.url}\nGOOGLE_BOOKS_URL = ${covers.url}`,
  ].join('\n')
  const { folder, database, run } = scriptFolder('')
  const temporary = join(folder, 'temporary')
  mkdirSync(temporary)
  const write = (more: string) =>
    writeFileSync(
      join(folder, 'settings.ini'),
      `[carrel]\nBASE_URL = http://127.0.0.1:${port}\nPORT = ${port}\nDATABASE_FILE = carrel.db\nTIME_ZONE = Europe/Zurich\n${ini}\n${more}\n[tind]\nTIND_SERVER_URL = ${lsp.url}\n`,
    )
  write('')
  const reading = loadSettings({ file: join(folder, 'settings.ini'), env: {} })
  if (reading.kind === 'faults') throw new Error(reading.faults.join('\n'))
  const { settings } = reading
  fill(database)
  for (const item of ['A', 'B']) {
    putRemoteManifest({ settings }, { service }, item, { ...PAGE, names: [item] })
  }
  let output = ''
  return {
    folder,
    temporary,
    settings,
    upstream,
    smtp,
    lsp,
    covers,
    output: () => output,
    async run(script, ...args) {
      const ended = await run(script, ...args)
      output += ended.out + ended.err
      return ended
    },
    async start(more, offMs) {
      write(more)
      const script = join(import.meta.dirname, 'clocked-server.ts')
      const child = spawn(process.execPath, [script, String(offMs)], {
        cwd: folder,
        env: { PATH: process.env.PATH, TMPDIR: temporary },
        stdio: ['pipe', 'pipe', 'pipe'],
      })
      onTestFinished(() => void child.kill('SIGKILL'))
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (part: Buffer) => (output += part.toString()))
      }
      return talkTo(child)
    },
  }
}

async function talkTo(child: ChildProcess): Promise<CanaryServer> {
  const waiting: (() => void)[] = []
  createInterface({ input: child.stdout! }).on('line', (line) => {
    if (line === 'ok') waiting.shift()?.()
  })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const answered = () =>
    Promise.race([
      new Promise<void>((resolve) => waiting.push(resolve)),
      exited.then(([code]) => Promise.reject(new Error(`the server ended with ${code}`))),
    ])
  await answered()
  return {
    async tell(line) {
      const done = answered()
      child.stdin!.write(`${line}\n`)
      await done
    },
    async end(how) {
      if (how === 'crash') child.stdin!.write('crash\n')
      else child.kill(how)
      return (await exited)[0]
    },
  }
}

function fill(database: string): void {
  const db = openTestDb(database)
  for (const barcode of ['A', 'B']) {
    const title = `Title of ${barcode}`
    const reading = parseItemDraft({ barcode, title, copies: '1', loanHours: '2' })
    if (reading.kind === 'faults') throw new Error(JSON.stringify(reading.faults))
    itemsIn(db).add(reading.draft, Date.now())
    itemsIn(db).setReady(reading.draft.barcode, true)
  }
  peopleIn(db).addStaff(patron('lee'))
  db.$client.close()
}
