import { createHmac, randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import pino from 'pino'
import pretty from 'pino-pretty'
import { type Clock, DAY, type EpochMs } from './clock.ts'
import type { PatronId } from './ids.ts'

const STDOUT = 1

export type Log = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error'>

/** For scripts, which say what there is to say themselves. */
export const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} }

/**
 * The log of the process: JSON lines on standard output, readable ones on a terminal.
 *
 * @param verbose also logs each request and other details (RUN_MODE = verbose)
 */
export function createLog({ verbose }: { verbose: boolean }): pino.Logger {
  const options: pino.LoggerOptions = {
    level: verbose ? 'debug' : 'info',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }
  if (!process.stdout.isTTY) return pino(options, { write: writeOut })
  return pino(options, pretty({ colorize: true, translateTime: 'SYS:HH:MM:ss', sync: true }))
}

/** A line that cannot be written (a full disk, nobody who reads any more) is lost; Carrel goes on. */
function writeOut(line: string): void {
  try {
    writeSync(STDOUT, line)
  } catch {
    // There is nowhere to say so.
  }
}

/** The name that a patron has in the log today: 12 characters, another one tomorrow. */
export type PatronHash = (patron: PatronId) => string

/** The random keys of today and tomorrow (UTC), by the day as 2026-11-22. */
export type DayKeys = ReadonlyMap<string, Uint8Array>

/** @returns a function that tells the keys; it makes those that are new and drops those of the past */
export function dayKeys(clock: Clock): () => DayKeys {
  let keys: DayKeys = new Map()
  return () => {
    const days = [dayOf(clock.now()), dayOf(clock.now() + DAY)]
    keys = new Map(days.map((day) => [day, keys.get(day) ?? randomBytes(32)]))
    return keys
  }
}

const dayOf = (at: EpochMs) => new Date(at).toISOString().slice(0, 10)

/**
 * HMAC-SHA-256 under a key of the day. The key is random, lives in memory only and is dropped at
 * midnight UTC, after which nobody can tell whose lines they were.
 *
 * @param logKey the setting LOG_KEY: a fixed key, so that who holds it can follow a patron's lines
 * @param keys those of the main process, where several processes write one log
 */
export function patronHash(clock: Clock, logKey?: string, keys = dayKeys(clock)): PatronHash {
  return (patron) => {
    const day = dayOf(clock.now())
    // Without its key, as after a leap of the clock, a line stands for itself.
    const key = logKey ?? keys().get(day) ?? randomBytes(32)
    return createHmac('sha256', key).update(`${day}\n${patron}`).digest('base64url').slice(0, 12)
  }
}
