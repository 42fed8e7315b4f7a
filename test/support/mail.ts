import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

export interface Received {
  readonly to: string[]
  readonly secure: boolean
  readonly user?: string
  readonly raw: string
}

export interface FakeSmtp {
  readonly letters: Received[]
  /** From now on it does this, see fake-smtp.ts. */
  fault(name: string): Promise<void>
  stop(): Promise<void>
}

/** Starts the mail server of the tests on a port of loopback. */
export async function fakeSmtp(port: number, fault = 'none'): Promise<FakeSmtp> {
  const script = join(import.meta.dirname, 'fake-smtp.ts')
  const child: ChildProcess = spawn(process.execPath, [script, String(port), fault], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const letters: Received[] = []
  const waiting: (() => void)[] = []
  createInterface({ input: child.stdout! }).on('line', (line) => {
    if (line === 'ready') waiting.shift()?.()
    else letters.push(JSON.parse(line))
  })
  const ready = () => new Promise<void>((resolve) => waiting.push(resolve))
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  onTestFinished(stop)
  await ready()
  return {
    letters,
    stop,
    async fault(name) {
      const done = ready()
      child.stdin!.write(`${name}\n`)
      await done
    },
  }
}
