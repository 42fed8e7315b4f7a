import { spawn } from 'node:child_process'
import { answering, type Contestant, cpuUsOf, familyOf, SERVER_CORE, stopped } from './servers.ts'

/**
 * A few lines of node:http on the server's core, which ask nobody who they are.
 *
 * @param code CommonJS that listens on the port
 */
export async function startNode(
  { name, port, tilePath }: Pick<Contestant, 'name' | 'tilePath'> & { port: number },
  code: string,
): Promise<Contestant> {
  const args = ['-c', SERVER_CORE, process.execPath, '-e', code]
  const child = spawn('taskset', args, { stdio: 'inherit' })
  const address = `http://127.0.0.1:${port}`
  await answering(address)
  return {
    name,
    address,
    header: 'Remote-User',
    tilePath,
    cpuUs: () => cpuUsOf(familyOf(child.pid ?? 0)),
    stop: () => stopped(child),
  }
}
