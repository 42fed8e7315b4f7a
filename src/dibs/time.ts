import type { EpochMs } from '../clock.ts'

/**
 * A time as DIBS writes it: `2026-01-02 10:00:00`, always UTC, perhaps with a fraction, a `T` or an
 * offset.
 *
 * @returns undefined for what is not one
 */
export function parseDibsTime(value: unknown): EpochMs | undefined {
  if (typeof value !== 'string') return undefined
  const parts = FORM.exec(value.trim())
  if (parts === null) return undefined
  const [, day, time, fraction = '', offset = '+00:00'] = parts
  const zone = offset === 'Z' ? 'Z' : offset.replace(/^(.\d\d):?(\d\d)$/, '$1:$2')
  const at = Date.parse(`${day}T${time}${fraction.slice(0, 4)}${zone}`)
  if (Number.isNaN(at) || !isDay(day ?? '')) return undefined
  return at
}

const FORM = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?\s?(Z|[+-]\d\d:?\d\d)?$/

/** `Date.parse` takes 30 February for 2 March. */
function isDay(day: string): boolean {
  const at = Date.parse(`${day}T00:00:00Z`)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day)
}
