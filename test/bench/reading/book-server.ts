import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NPM_START } from '../../support/npm-start.ts'
import { paintBook, writeAlone } from './book.ts'
import { answering, LOAD_CORE, PORTS, SERVER_CORE, startNginx, stopped } from './servers.ts'

const ROOT = join(import.meta.dirname, '../../..')
const READER = 'reader-of-book'
export const BOOK = 'book1'

/**
 * A book of page scans on loan, Carrel reading the images itself, behind nginx as in a library. nginx
 * also serves `/alone/`: the same origin, so that OpenSeadragon alone may read the same tiles.
 */
export async function startBook(
  folder: string,
): Promise<{ address: string; stop(): Promise<void> }> {
  const home = join(folder, 'book')
  const address = `http://127.0.0.1:${PORTS.bookFront}`
  mkdirSync(join(home, 'manifests'), { recursive: true })
  writeFileSync(
    join(home, 'settings.ini'),
    `[carrel]\nBASE_URL = ${address}\nPORT = ${PORTS.book}\nSCANS_DIR = scans\nIMAGES_DIR = images\n`,
  )
  await paintBook(join(home, 'scans', BOOK), BOOK)
  run(home, 'items', 'add', BOOK, '--title', 'Harbours', '--author', 'A. N. Author', '--hours', '9')
  run(home, 'convert-scans', BOOK)
  run(home, 'items', 'ready', BOOK)
  const carrel = spawn('taskset', ['-c', SERVER_CORE, 'env', ...NPM_START], {
    cwd: home,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  carrel.stdout.resume()
  await answering(`http://127.0.0.1:${PORTS.book}`)
  writeAlone(join(home, 'alone'))
  const front = await startNginx('book-front', folder, frontServer(home), LOAD_CORE, address)
  const loan = await fetch(`${address}/loan`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: address },
    body: new URLSearchParams({ barcode: BOOK }),
  })
  if (loan.status !== 303) throw new Error(`borrowing ${BOOK}: ${loan.status}`)
  return {
    address,
    async stop() {
      await front.stop()
      await stopped(carrel)
    },
  }
}

function frontServer(home: string): string {
  return `
    types { text/html html; text/javascript js; }
    upstream carrel { server 127.0.0.1:${PORTS.book}; keepalive 16; }
    server {
      listen 127.0.0.1:${PORTS.bookFront};
      location /alone/ { root ${home}; gzip on; gzip_types text/javascript; }
      location / {
        proxy_pass http://carrel;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header REMOTE_USER ${READER};
      }
    }`
}

function run(home: string, script: string, ...words: string[]): void {
  const file = join(ROOT, 'scripts', `${script}.ts`)
  const done = spawnSync(process.execPath, [file, ...words], { cwd: home, encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`${script} ${words.join(' ')}: ${done.stderr}`)
}
