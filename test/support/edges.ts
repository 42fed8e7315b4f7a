/** Edges as `deploy/edge` makes them, each in a network namespace of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { SSO_SECRET, writeEdge } from './edge-files.ts'

/** A network of its own: `inside` is the edge's address there, `outside` ours. */
export interface Place {
  readonly name: string
  readonly inside: string
  readonly outside: string
}

export interface Edge {
  /** http://ADDRESS:8081 */
  readonly url: string
  /** Asks as the single sign-on would, for this person or for nobody. */
  as(name: string | undefined, path: string, init?: RequestInit): Promise<Response>
  stop(): Promise<void>
}

/** Needs root, and Debian's iproute2. */
export function makePlace(n: number): Place {
  const name = `carrel-${process.pid}-${n}`
  // Of the addresses that are for tests (RFC 2544), four that no other run of them has now.
  const four = (process.pid * 8 + n) % 16_384
  const within = `198.18.${four >> 6}.${(four & 63) << 2}`.split('.')
  const address = (last: number) => [...within.slice(0, 3), Number(within[3]) + last].join('.')
  const [inside, outside] = [address(2), address(1)]
  const [ours, theirs] = [`c${process.pid}-${n}`, 'edge']
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' })
  try {
    ip('netns', 'add', name)
  } catch (cause) {
    throw new Error('no network namespace: be root, and apt-get install iproute2', { cause })
  }
  onTestFinished(() => {
    ip('netns', 'del', name)
  })
  ip('link', 'add', ours, 'type', 'veth', 'peer', 'name', theirs, 'netns', name)
  // At once; with the namespace it would go when the kernel finds time.
  onTestFinished(() => {
    ip('link', 'del', ours)
  })
  ip('address', 'add', `${outside}/30`, 'dev', ours)
  ip('link', 'set', ours, 'up')
  ip('-n', name, 'address', 'add', `${inside}/30`, 'dev', theirs)
  ip('-n', name, 'link', 'set', theirs, 'up')
  ip('-n', name, 'link', 'set', 'lo', 'up')
  return { name, inside, outside }
}

/**
 * Starts the edge in its place.
 *
 * @param carrel host and port, as seen from there
 * @param changes lines marked "yours" that are to be something else
 */
export async function startEdge(
  place: Place,
  folder: string,
  carrel: string,
  changes: Readonly<Record<string, string>> = {},
): Promise<Edge> {
  writeEdge(folder, { carrel, sso: place.outside, changes })
  const config = join(folder, 'nginx.conf')
  const args = ['netns', 'exec', place.name, 'nginx', '-e', `${folder}/log/error.log`]
  const child = spawn('ip', [...args, '-p', folder, '-c', config], { stdio: 'inherit' })
  const stop = () => ended(child)
  onTestFinished(stop)
  const url = `http://${place.inside}:8081`
  const as: Edge['as'] = (name, path, init = {}) =>
    fetch(url + path, {
      redirect: 'manual',
      ...init,
      headers: {
        'X-Carrel-Proxy': SSO_SECRET,
        ...(name === undefined ? {} : { 'X-Carrel-Name': name }),
        ...init.headers,
      },
    })
  await answering(child, () => as(undefined, '/'))
  return { url, as, stop }
}

async function answering(child: ChildProcess, ask: () => Promise<Response>): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the edge ended: ${child.exitCode}`)
    try {
      await (await ask()).arrayBuffer()
      return
    } catch {
      await wait(20)
    }
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}
