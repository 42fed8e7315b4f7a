import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { testFolder } from './folder.ts'

/** A file system of its own size, which goes away with the shell that made it. */
export interface SmallDisk {
  /** Where it lies, as seen from the shell. */
  readonly path: string
  /** Runs one line of shell beside it. @returns what it printed */
  run(line: string): Promise<string>
}

/** Whether this machine lets us mount: as root, or in a user namespace of our own. */
export const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0

/** @param from a folder whose content is copied onto the disk first */
export async function smallDisk(megabytes: number, from: string): Promise<SmallDisk> {
  const path = join(testFolder(), 'disk')
  mkdirSync(path)
  const child = spawn('unshare', ['-rm', 'sh'], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(async () => {
    child.stdin.end()
    child.kill('SIGKILL')
  })
  const run = (line: string) => answer(child, line)
  await run(
    `mount -t tmpfs -o size=${megabytes}m none '${path}' && cp -r '${from}/.' '${path}' && cd '${path}'`,
  )
  return { path, run }
}

const END = '-- end of the answer --'

function answer({ stdin, stdout }: ChildProcess, line: string): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const hear = (chunk: Buffer) => {
      text += chunk
      if (!text.includes(END)) return
      stdout?.off('data', hear)
      resolve(text.slice(0, text.indexOf(END)))
    }
    stdout?.on('data', hear)
    stdin?.write(`${line}\necho '${END}'\n`)
  })
}
