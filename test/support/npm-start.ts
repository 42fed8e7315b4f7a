import { join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }

const SERVER = 'src/server.ts'

/**
 * What `npm start` runs, as arguments of env(1), for any working directory: variables, Node and its
 * options, the server's file.
 */
export const NPM_START: readonly string[] = packageJson.scripts.start
  .split(' ')
  .filter((word) => word !== 'exec')
  .map((word) => {
    if (word === 'node') return process.execPath
    return word === SERVER ? join(import.meta.dirname, '../..', SERVER) : word
  })
