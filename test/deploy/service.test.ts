import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testFolder } from '../support/folder.ts'

const ROOT = join(import.meta.dirname, '../..')
const UNIT = readFileSync(join(ROOT, 'deploy/carrel.service'), 'utf8')

/** The unit as it would be on a machine where Carrel lies here. Needs Debian's package systemd. */
function analyze(unit: string, ...args: string[]): string {
  const file = join(testFolder(), 'carrel.service')
  writeFileSync(file, unit.replaceAll('/srv/carrel', ROOT))
  return execFileSync('systemd-analyze', [...args, file], { encoding: 'utf8', stdio: 'pipe' })
}

describe('the systemd unit', () => {
  it('is understood by systemd, which knows every line of it', () => {
    expect(analyze(UNIT, 'verify')).toBe('')
    expect(() => analyze(UNIT.replace('ExecStart=/', 'ExecStart=nowhere/'), 'verify')).toThrow()
  })

  it('starts Node as npm start does, whose shell must not stand between Node and signals', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const [, variable, command] =
      /^(\w+=\d+) exec (node .* src\/server\.ts)$/.exec(scripts.start) ?? []
    expect(UNIT).toContain(`\nEnvironment=${variable}\n`)
    expect(UNIT).toContain(`/.bin/${command} `)
  })

  it('leaves little for a broken process to do: an exposure of 2 or less of 10', () => {
    // systemd-analyze exits 1 above the threshold, which it counts in tenths.
    const judge = (unit: string) => analyze(unit, 'security', '--offline=yes', '--threshold=20')
    expect(judge(UNIT)).toContain('Overall exposure level')
    expect(() => judge(UNIT.replace('CapabilityBoundingSet=\n', ''))).toThrow()
  })

  it('gives the server time to drain, and a descriptor for every connection', () => {
    expect(UNIT).toMatch(/^TimeoutStopSec=15s$/m)
    expect(Number(/^LimitNOFILE=(\d+)$/m.exec(UNIT)?.[1])).toBeGreaterThan(2 * 4_096)
  })
})
