import { readFileSync } from 'node:fs'

/**
 * The memory of processes in bytes: what they share is counted once in all (Pss of
 * proc_pid_smaps_rollup(5)).
 */
export function memoryOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    return sum + Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1]) * 1024
  }, 0)
}
