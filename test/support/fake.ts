import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Asked } from './fakes/run.ts'

export interface Fake {
  /** Without a slash at its end. */
  readonly url: string
  /** From now on: the requests after the first `after`, `times` of them, meet this fault. */
  fault(name: string, options?: { after?: number; times?: number }): Promise<void>
  /** Everything that was asked so far, as it came over the wire. */
  asked(): Promise<Asked[]>
  stop(): Promise<void>
}

/** Starts test/support/fakes/NAME.ts, a process that speaks the protocol of a service. */
export async function startFake(name: string): Promise<Fake> {
  const file = join(import.meta.dirname, 'fakes', `${name}.ts`)
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string]
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    async fault(fault, options = {}) {
      const query = new URLSearchParams({ name: fault })
      for (const [key, value] of Object.entries(options)) query.set(key, String(value))
      await fetch(`${url}/_fault?${query}`, { method: 'PUT' })
    },
    asked: async () => (await (await fetch(`${url}/_asked`)).json()) as Asked[],
    async stop() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}
