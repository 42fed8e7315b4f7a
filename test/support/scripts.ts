import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testFolder } from './folder.ts'

const ROOT = join(import.meta.dirname, '../..')

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** A folder with a settings file, in which `run` starts scripts of the project as processes. */
export function scriptFolder(ini = '') {
  const folder = testFolder()
  writeFileSync(
    join(folder, 'settings.ini'),
    `[carrel]\nBASE_URL = http://127.0.0.1:8080\nDATABASE_FILE = carrel.db\n${ini}\n`,
  )
  const run = (script: string, ...args: string[]) =>
    new Promise<Ended>((resolve) => {
      const options = {
        cwd: folder,
        env: { PATH: process.env.PATH },
        timeout: 30_000,
        maxBuffer: 64 * 1024 * 1024,
      }
      const file = join(ROOT, `scripts/${script}.ts`)
      execFile(process.execPath, [file, ...args], options, (fault, out, err) => {
        resolve({ code: fault === null ? 0 : Number(fault.code ?? -1), out, err })
      })
    })
  return { folder, database: join(folder, 'carrel.db'), run }
}
