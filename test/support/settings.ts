import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadSettings, type Settings } from '../../src/settings.ts'

/** @param ini what stands in the settings file below its first lines */
export function settingsOf(ini: string): Settings {
  const folder = mkdtempSync(join(tmpdir(), 'carrel-test-'))
  const file = join(folder, 'settings.ini')
  try {
    writeFileSync(file, `[carrel]\nBASE_URL = http://127.0.0.1\n${ini}\n`)
    const reading = loadSettings({ file, env: {} })
    if (reading.kind === 'faults') throw new Error(reading.faults.join('\n'))
    return reading.settings
  } finally {
    rmSync(folder, { recursive: true })
  }
}
