import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { HOUR } from '../../../src/clock.ts'
import { openDb } from '../../../src/db/open.ts'
import { memoryOf } from '../../support/memory.ts'
import { NPM_START } from '../../support/npm-start.ts'
import { ITEMS, MOST_COPIES, manifestOf, PAGES } from './library.ts'

/** The server's core and the core of the load and of the image server. */
export const SERVER_CORE = '0'
export const LOAD_CORE = '1'

export const PORTS = {
  upstream: 7001,
  plain: 7002,
  auth: 7003,
  kept: 7004,
  door: 7005,
  carrel: 7006,
  edge: 7007,
  start: 7008,
  book: 7009,
  bookFront: 7011,
}
export const UPSTREAM = `http://127.0.0.1:${PORTS.upstream}`

export interface Contestant {
  readonly name: string
  readonly address: string
  /** What stands before `PAGE_OR_IMAGE/...`, for a tile. */
  tilePath(item: string, page: number): string
  /** How a reader is named to it. */
  readonly header: string
  /** What else goes with each request. */
  readonly also?: Readonly<Record<string, string>>
  /** Processor time that all its processes have used, in microseconds. */
  cpuUs(): number
  stop(): Promise<void>
}

/** The readers who have this item on loan, numbered from 0. */
export const readerOf = (item: string, n = 0) => `reader-${n}-of-${item}`

/**
 * The image server: nginx over static files, on the core of the load. It has each tile by two
 * qualities, and each image by `MOST_COPIES` names.
 */
export async function startUpstream(folder: string, root: string): Promise<Contestant> {
  const pages = Array.from(
    { length: PAGES * MOST_COPIES },
    (_, n) => `${n + 1} ${(n % PAGES) + 1};`,
  )
  const server = `
    map $number $page { ${pages.join(' ')} }
    server {
      listen 127.0.0.1:${PORTS.upstream};
      root ${root};
      types { image/jpeg jpg; application/json json; }
      etag on;
      location ~ ^/iiif/(?<item>bench\\d+)-(?<number>\\d+)/(?<tile>.+/)color.jpg$ {
        try_files /iiif/$item-$page/\${tile}default.jpg =404;
      }
      location ~ ^/iiif/(?<item>bench\\d+)-(?<number>\\d+)/(?<target>.+)$ {
        try_files /iiif/$item-$page/$target =404;
      }
      location /manifests/ { default_type application/json; }
    }`
  return startNginx('upstream', folder, server, LOAD_CORE, UPSTREAM)
}

/** nginx with its cache on disk and no check at all: the ceiling. */
export function startPlain(folder: string): Promise<Contestant> {
  const address = `http://127.0.0.1:${PORTS.plain}`
  return startNginx(
    'nginx',
    folder,
    cachingServer(folder, 'plain', PORTS.plain, ''),
    SERVER_CORE,
    address,
  )
}

/** nginx that asks a bare Node process on the same core about every request. */
export async function startAuth(
  folder: string,
  keptForS: number,
  readers = 1,
): Promise<Contestant> {
  const [name, port] = keptForS > 0 ? ['kept', PORTS.kept] : ['auth', PORTS.auth]
  const door = await startDoor(port + 100, readers)
  const cache =
    keptForS === 0
      ? ''
      : `proxy_cache answers;
         proxy_cache_key "$http_remote_user $item";
         proxy_cache_valid 200 403 ${keptForS}s;`
  const location = `
      location = /door {
        internal;
        proxy_pass http://door_${name};
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_pass_request_body off;
        proxy_set_header X-Item $item;
        ${cache}
      }`
  const extra = `
    upstream door_${name} { server 127.0.0.1:${port + 100}; keepalive 64; }
    proxy_cache_path ${join(folder, `answers-${name}`)} keys_zone=answers:1m;`
  const nginx = await startNginx(
    name === 'kept' ? 'nginx + auth_request kept 1 s' : 'nginx + auth_request',
    folder,
    cachingServer(folder, name as string, port as number, location) + extra,
    SERVER_CORE,
    `http://127.0.0.1:${port}`,
  )
  return {
    ...nginx,
    cpuUs: () => nginx.cpuUs() + cpuUsOf([door.pid ?? 0]),
    async stop() {
      await nginx.stop()
      await stopped(door)
    },
  }
}

function cachingServer(folder: string, name: string, port: number, location: string): string {
  const check = location === '' ? '' : 'auth_request /door;'
  const cached = `
        ${check}
        proxy_pass http://images;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_cache tiles;
        proxy_cache_valid 200 1h;
        proxy_cache_lock on;`
  return `
    proxy_cache_path ${join(folder, `cache-${name}`)} levels=1:2 keys_zone=tiles:20m max_size=2g use_temp_path=off;
    upstream images { server 127.0.0.1:${PORTS.upstream}; keepalive 64; }
    server {
      listen 127.0.0.1:${port} backlog=4096;
      ${location}
      location ~ ^/iiif/(?<item>bench\\d+)-\\d+/ {
        ${cached}
      }
      location ~ ^/manifests/(?<item>bench\\d+)$ {
        ${cached}
        sub_filter ${UPSTREAM} http://127.0.0.1:${port};
        sub_filter_once off;
        sub_filter_types application/json;
      }
    }`
}

export async function startNginx(
  name: string,
  folder: string,
  servers: string,
  core: string,
  address: string,
): Promise<Contestant> {
  const home = join(folder, name.replaceAll(/\W+/g, '-'))
  mkdirSync(home, { recursive: true })
  writeFileSync(
    join(home, 'nginx.conf'),
    `daemon off; user root; worker_processes 1; pid ${home}/pid; error_log ${home}/error.log;
     events { worker_connections 4096; }
     http {
       access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
       open_file_cache max=10000; open_file_cache_valid 1h;
       client_body_temp_path ${home}/body; proxy_temp_path ${home}/proxy;
       fastcgi_temp_path ${home}/fcgi; uwsgi_temp_path ${home}/uwsgi; scgi_temp_path ${home}/scgi;
       ${servers}
     }`,
  )
  const args = ['-c', core, 'nginx', '-c', join(home, 'nginx.conf'), '-e', join(home, 'error.log')]
  const child = spawn('taskset', args, { stdio: 'inherit' })
  await answering(address)
  return {
    name,
    address,
    header: 'Remote-User',
    tilePath: (item, page) => `/iiif/${item}-${page}/`,
    cpuUs: () => cpuUsOf(familyOf(child.pid ?? 0)),
    stop: () => stopped(child),
  }
}

/** What an expert would write for `auth_request`: the loans in a Map, nothing else. */
async function startDoor(port: number, readers: number): Promise<ChildProcess> {
  const loans = everyReader(readers).map(({ item, name }) => [`${name} ${item}`, Date.now() + HOUR])
  const code = `
    const loans = new Map(${JSON.stringify(loans)})
    require('node:http').createServer((q, s) => {
      const due = loans.get(q.headers['remote-user'] + ' ' + q.headers['x-item'])
      s.writeHead(due > Date.now() ? 200 : 403, { 'content-length': 0 }).end()
    }).listen(${port}, '127.0.0.1', () => console.log('door'))`
  const args = ['-c', SERVER_CORE, process.execPath, '-e', code]
  const child = spawn('taskset', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}

/** Where a bench does not say otherwise. */
const USUAL_SETTINGS = {
  IIIF_BASE_URL: `${UPSTREAM}/iiif`,
  IIIF_CACHE_MB: 512,
  READ_BURST: 1_000_000,
  READ_PER_SECOND: 1_000_000,
  PAGES_PER_HOUR: 1_000_000,
}

/**
 * The real thing, started as the README says, its limits on but higher than any load. Its `memory`
 * is in bytes.
 */
export async function startCarrel(
  folder: string,
  options: {
    ini?: string
    cores?: string
    port?: number
    manifests?: (item: string) => object
    /** So many read each item. */
    readers?: number
  } = {},
): Promise<Contestant & { readonly home: string; memory(): number }> {
  const { ini = '', cores = SERVER_CORE, port = PORTS.carrel, readers = 1 } = options
  const { manifests = (item: string) => manifestOf(UPSTREAM, item) } = options
  const address = `http://127.0.0.1:${port}`
  const home = join(folder, `carrel-${port}`)
  mkdirSync(join(home, 'manifests'), { recursive: true })
  const usual = Object.entries(USUAL_SETTINGS)
    .filter(([key]) => !ini.includes(key))
    .map(([key, value]) => `${key} = ${value}\n`)
  writeFileSync(
    join(home, 'settings.ini'),
    `[carrel]\nBASE_URL = ${address}\nPORT = ${port}\n${usual.join('')}${ini}\n`,
  )
  for (const item of ITEMS) {
    const file = join(home, 'manifests', `${item}-manifest.json`)
    writeFileSync(file, JSON.stringify(manifests(item)))
  }
  addAll(join(home, 'data/carrel.db'), readers)
  const child = spawn('taskset', ['-c', cores, 'env', ...NPM_START], {
    cwd: home,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout.resume()
  await answering(address)
  for (const { item, name } of everyReader(readers)) await borrow(address, item, name)
  return {
    home,
    name: 'Carrel',
    address,
    header: 'REMOTE_USER',
    tilePath: (item, page) => `/iiif/${item}/${page}/`,
    cpuUs: () => cpuUsOf(familyOf(child.pid ?? 0)),
    memory: () => memoryOf(familyOf(child.pid ?? 0)),
    stop: () => stopped(child),
  }
}

const everyReader = (readers: number) =>
  ITEMS.flatMap((item) =>
    Array.from({ length: readers }, (_, n) => ({ item, name: readerOf(item, n) })),
  )

function addAll(file: string, copies: number): void {
  const opening = openDb(file)
  if (opening.kind === 'refused') throw new Error(opening.reason)
  const { $client } = opening.db
  const item = $client.prepare(
    `insert or ignore into items (barcode, title, author, copies, loan_hours, ready, added_at)
     values (?, ?, 'A. N. Author', ?, 100, 1, ?)`,
  )
  for (const barcode of ITEMS) item.run(barcode, `Title of ${barcode}`, copies, Date.now())
  $client.close()
}

async function borrow(address: string, item: string, name: string): Promise<void> {
  const answer = await fetch(`${address}/loan`, {
    method: 'POST',
    redirect: 'manual',
    headers: { REMOTE_USER: name, origin: address },
    body: new URLSearchParams({ barcode: item }),
  })
  if (answer.status !== 303) throw new Error(`borrowing ${item}: ${answer.status}`)
}

export async function answering(address: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    try {
      await (await fetch(address)).arrayBuffer()
      return
    } catch {
      await wait(50)
    }
  }
  throw new Error(`nobody answers at ${address}`)
}

export async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** A process and its children, by /proc. */
export function familyOf(pid: number): number[] {
  const family = [pid]
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const stat = statOf(Number(entry))
    if (stat !== undefined && family.includes(Number(stat[1]))) family.push(Number(entry))
  }
  return family
}

/** utime and stime of proc_pid_stat(5), in ticks of 10 ms. */
export function cpuUsOf(pids: readonly number[]): number {
  let ticks = 0
  for (const pid of pids) {
    const stat = statOf(pid)
    if (stat !== undefined) ticks += Number(stat[11]) + Number(stat[12])
  }
  return ticks * 10_000
}

/** The fields of /proc/PID/stat from the third on; undefined when the process is gone. */
function statOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
