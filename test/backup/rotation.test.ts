import { describe, expect, it } from 'vitest'
import { backupName, madeAtOf } from '../../src/backup/contents.ts'
import { superseded } from '../../src/backup/rotation.ts'

const DAY = 24 * 60 * 60_000

/** Backups once a day at 02:30 UTC, up to 20 November 2026 (a Friday), some days long. */
function daily(days: number): string[] {
  const last = Date.UTC(2026, 10, 20, 2, 30)
  return Array.from({ length: days }, (_, n) => backupName(last - n * DAY))
}

describe('rotation', () => {
  it('keeps the last backup of 7 days, 5 weeks and 12 months', () => {
    const all = daily(800)
    const gone = new Set(superseded(all))
    const kept = all.filter((name) => !gone.has(name)).map((name) => name.slice(7, 17))
    expect(kept.slice(0, 7)).toEqual([
      '2026-11-20',
      '2026-11-19',
      '2026-11-18',
      '2026-11-17',
      '2026-11-16',
      '2026-11-15',
      '2026-11-14',
    ])
    const sundays = ['2026-11-15', '2026-11-08', '2026-11-01', '2026-10-25']
    expect(kept).toEqual(expect.arrayContaining(sundays))
    expect(kept).toContain('2025-12-31')
    expect(kept).not.toContain('2025-11-30')
    expect(kept).toHaveLength(7 + 3 + 11)
  })

  it('keeps the latest of several backups of one day, and what is not a backup', () => {
    const [noon, evening] = [12, 20].map((hour) => backupName(Date.UTC(2026, 0, 2, hour)))
    expect(superseded([noon!, evening!, 'notes.zip', 'carrel-2026.zip'])).toEqual([noon])
  })

  it('removes nothing while there are few', () => {
    expect(superseded(daily(7))).toEqual([])
    expect(superseded([])).toEqual([])
  })

  it('reads the time back from a name', () => {
    const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
    expect(madeAtOf(backupName(at))).toBe(at)
    expect(madeAtOf('carrel-2026-13-02T030405.678Z.zip')).toBeUndefined()
  })
})
