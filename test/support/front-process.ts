import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { testFolder } from './folder.ts'

const DEPLOY = join(import.meta.dirname, '../../deploy')

export interface FrontServer {
  /** As the browser sees it: https, on a free port of loopback. */
  readonly url: string
  /** Where its files lie: `carrel/` is the folder that users copy. */
  readonly folder: string
  /** What it wrote so far, in all its logs. */
  logs(): string
  stop(): Promise<void>
}

/** Names and passwords. */
export type People = Readonly<Record<string, string>>

/** A folder with a copy of `deploy/NAME` as `carrel`, a certificate, and room for logs. */
export function prepare(name: string, debianPackage: string, binary: string): string {
  if (!existsSync(binary)) throw new Error(`no ${binary}: apt-get install ${debianPackage}`)
  const folder = testFolder()
  cpSync(join(DEPLOY, name), join(folder, 'carrel'), { recursive: true })
  mkdirSync(join(folder, 'log'))
  // Its processes that answer requests run as www-data.
  chmodSync(join(folder, 'log'), 0o777)
  chmodSync(folder, 0o755)
  execFileSync('openssl', certificateArguments(folder), { stdio: 'pipe' })
  return folder
}

const certificateArguments = (folder: string) => [
  ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
  ...['-subj', '/CN=127.0.0.1', '-days', '2'],
  ...['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')],
]

/** Writes the file of passwords as `htpasswd` does. */
export function passwords(folder: string, people: People = {}): void {
  const file = join(folder, 'carrel/passwords')
  writeFileSync(file, '')
  for (const [name, password] of Object.entries(people)) {
    execFileSync('htpasswd', ['-bB', '-C', '4', file, name, password], { stdio: 'pipe' })
  }
  chmodSync(file, 0o644)
}

/** What Debian's `apachectl` sets. */
export const environment = (folder: string) => ({
  PATH: process.env.PATH,
  APACHE_LOG_DIR: join(folder, 'log'),
  APACHE_RUN_DIR: folder,
  APACHE_RUN_USER: 'www-data',
  APACHE_RUN_GROUP: 'www-data',
})

/** Starts a front server and waits until it listens. It ends with the test. */
export async function run(
  folder: string,
  port: number,
  binary: string,
  args: readonly string[],
): Promise<FrontServer> {
  const child = spawn(binary, args, {
    cwd: folder,
    env: environment(folder),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  const logs = () =>
    readdirSync(join(folder, 'log'), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(folder, 'log', entry.name), 'utf8'))
      .join('\n') + said
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  onTestFinished(stop)
  await listening(child, port, logs)
  return { url: `https://127.0.0.1:${port}`, folder, logs, stop }
}

async function listening(child: ChildProcess, port: number, logs: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the front server ended: ${logs()}`)
    const socket = connect(port, '127.0.0.1')
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
    await wait(20)
  }
}
