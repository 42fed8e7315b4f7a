import fs from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import Sqlite from 'better-sqlite3'

/** Calls that fail here fail as on a full disk. */
const SYNC = 'linkSync renameSync rmSync unlinkSync utimesSync writeFileSync mkdirSync'.split(' ')
const ASYNC = 'open readFile writeFile rename link rm mkdir readdir stat lstat copyFile'.split(' ')
const OF_HANDLES = 'writeFile sync readFile stat'.split(' ')
const OF_STATEMENTS = 'run get all iterate'.split(' ')

type Callable = (this: { source?: string } | undefined, ...args: unknown[]) => unknown
type Holder = Record<string, Callable>

/**
 * Does something while the n-th call of the database or the file system fails; the calls before
 * and after it work.
 *
 * @returns whether there was an n-th call, and which
 */
export async function failAt(n: number, act: () => Promise<void>): Promise<string | undefined> {
  let calls = 0
  let failed: string | undefined
  const restore: (() => void)[] = []

  function watch(holder: Holder, names: readonly string[], fault: (name: string) => Error): void {
    for (const name of names) {
      const real = holder[name]
      if (real === undefined) throw new Error(`there is no ${name} to break`)
      holder[name] = function (...args) {
        // What undoes is what remains when everything else fails; SQLite needs no space for it.
        const isUndo = /^rollback/i.test(this?.source ?? String(args[0]))
        if (isUndo || ++calls !== n) return real.apply(this, args)
        failed = `${name} ${this?.source ?? String(args[0])}`
        throw fault(name)
      }
      restore.push(() => {
        holder[name] = real
      })
    }
  }
  const full = (name: string) =>
    Object.assign(new Error(`ENOSPC: no space left on device, ${name}`), { code: 'ENOSPC' })
  const sqliteFull = (name: string) =>
    new Sqlite.SqliteError(`${name}: database or disk is full`, 'SQLITE_FULL')
  const rejecting = (holder: Holder, names: readonly string[]) => {
    watch(holder, names, full)
    for (const name of names) {
      const watched = holder[name]!
      holder[name] = async function (...args) {
        return watched.apply(this, args)
      }
    }
  }

  const memory = new Sqlite(':memory:')
  const statements = Object.getPrototypeOf(memory.prepare('select 1'))
  memory.close()
  const handle = await promises.open(import.meta.filename)
  const handles = Object.getPrototypeOf(handle)
  await handle.close()
  watch(statements, OF_STATEMENTS, sqliteFull)
  watch(Sqlite.prototype as unknown as Holder, ['exec'], sqliteFull)
  rejecting(handles, OF_HANDLES)
  rejecting(promises as unknown as Holder, ASYNC)
  watch(fs as unknown as Holder, SYNC, full)
  syncBuiltinESMExports()
  try {
    await act()
  } finally {
    for (const undo of restore) undo()
    syncBuiltinESMExports()
  }
  return failed
}
