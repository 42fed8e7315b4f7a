import { type EpochMs, MINUTE } from '../clock.ts'
import type { CurrentManifest } from '../manifests/current.ts'

/** Times and lengths in words, in the library's zone. */
export interface Words {
  /** "today at 15:40 CET", "tomorrow at 09:00 CET", "on 3 March 2027 at 09:00 CET" */
  when(at: EpochMs, now: EpochMs): string
  /** "15:40 CET" when it is today, otherwise as `when` */
  clockTime(at: EpochMs, now: EpochMs): string
  /** "3 March 2027 at 09:00 CET": true on any day, for what is read later */
  inFull(at: EpochMs): string
}

export function wordsIn(timeZone: string): Words {
  const time = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  })
  const date = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    day: 'numeric',
    month: 'long',
    year: 'numeric',
  })
  const day = new Intl.DateTimeFormat('en-CA', { timeZone })
  /** Days since the epoch of the calendar day in the zone: differences count nights, not hours. */
  const dayNumber = (at: EpochMs) => Date.parse(day.format(at)) / (24 * 60 * MINUTE)

  function when(at: EpochMs, now: EpochMs): string {
    const nights = dayNumber(at) - dayNumber(now)
    const name = nights === 0 ? 'today' : nights === 1 ? 'tomorrow' : `on ${date.format(at)}`
    return `${name} at ${time.format(at)}`
  }

  return {
    when,
    inFull: (at) => `${date.format(at)} at ${time.format(at)}`,
    clockTime: (at, now) => (dayNumber(at) === dayNumber(now) ? time.format(at) : when(at, now)),
  }
}

/** A length in words: 0.5 is "30 minutes", 26 is "1 day 2 hours". Shown up to whole minutes. */
export function lengthInWords(hours: number): string {
  const minutes = Math.max(1, Math.ceil(Math.round(hours * 60 * 1000) / 1000))
  const parts = [
    count(Math.floor(minutes / 1440), 'day'),
    count(Math.floor((minutes % 1440) / 60), 'hour'),
    count(minutes % 60, 'minute'),
  ]
  return parts.filter((part) => part !== '').join(' ')
}

function count(number: number, unit: string): string {
  return number === 0 ? '' : counted(number, unit)
}

/** "1 loan", "2 loans" */
export function counted(number: number, one: string): string {
  return number === 1 ? `1 ${one}` : `${number} ${one}s`
}

/** "2 loans still run, the last until 15:40 CET: the paper copy ...", or '' when none does. */
export function loansStillRun(
  dueTimes: readonly EpochMs[],
  clockTime: (at: EpochMs) => string,
): string {
  const last = dueTimes.at(-1)
  if (last === undefined) return ''
  const run =
    dueTimes.length === 1 ? '1 loan still runs,' : `${dueTimes.length} loans still run, the last`
  return `${run} until ${clockTime(last)}: the paper copy goes back to the shelf after that.`
}

/** The same for an item that is lent on with fewer copies: '' as soon as the loans fit them. */
export function overCopies(
  dueTimes: readonly EpochMs[],
  copies: number,
  clockTime: (at: EpochMs) => string,
): string {
  const over = dueTimes.length - copies
  const fitsAfter = dueTimes[over - 1]
  if (fitsAfter === undefined) return ''
  const run = dueTimes.length === 1 ? '1 loan still runs' : `${dueTimes.length} loans still run`
  return `${run}, ${over} more than copies: the paper copy goes back to the shelf after ${clockTime(fitsAfter)}.`
}

/** What an item lacks to be lent, as the end of a sentence, or '' when its manifest is valid. */
export function manifestFault(manifest: CurrentManifest): string {
  if (manifest.kind === 'valid') return ''
  return manifest.kind === 'missing' ? 'its scans are not there yet' : manifest.reason
}

export function endLoansWords(loans: number): string {
  return loans === 1 ? 'End 1 loan now' : `End ${loans} loans now`
}
