import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const DEPLOY = join(import.meta.dirname, '../../deploy/edge')

/** What edges believe, and what Carrel believes them by. */
export const SSO_SECRET = 'secret-of-the-sign-in'
export const EDGE_SECRET = 'secret-of-the-edges'

/** The files of `deploy/edge` as somebody would edit them, with all that they write below `folder`,
 * which holds `nginx.conf` for `nginx -p`. */
export function writeEdge(
  folder: string,
  options: { carrel: string; sso: string; changes?: Readonly<Record<string, string>> },
): void {
  mkdirSync(folder, { recursive: true })
  cpSync(DEPLOY, join(folder, 'carrel-edge'), { recursive: true })
  mkdirSync(join(folder, 'log'), { recursive: true })
  // Its processes that answer requests run as www-data.
  chmodSync(join(folder, '..'), 0o755)
  for (const path of [folder, join(folder, 'log')]) chmodSync(path, 0o777)
  const given = {
    '192.0.2.10:8080': options.carrel,
    'allow 127.0.0.1;': `allow ${options.sso};`,
    '  "change-me" "";': `  "${SSO_SECRET}" "";`,
    'X-Carrel-Proxy "change-me"': `X-Carrel-Proxy "${EDGE_SECRET}"`,
    '/var/cache/carrel-edge': `${folder}/tiles`,
    '/run/carrel-edge': `${folder}/answers`,
    '/var/log/nginx': `${folder}/log`,
    ...options.changes,
  }
  const texts = readdirSync(join(folder, 'carrel-edge')).map((name) => {
    const file = join(folder, 'carrel-edge', name)
    return { file, text: readFileSync(file, 'utf8') }
  })
  for (const [from, to] of Object.entries(given)) {
    if (!texts.some(({ text }) => text.includes(from))) throw new Error(`no line has ${from}`)
    for (const one of texts) one.text = one.text.replaceAll(from, to)
  }
  for (const { file, text } of texts) writeFileSync(file, text)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  writeFileSync(
    join(folder, 'nginx.conf'),
    `user www-data; worker_processes 1; daemon off; pid ${folder}/pid;
     events { worker_connections 4096; }
     http {
       ${temporary.map((name) => `${name}_temp_path ${folder}/log/${name};`).join(' ')}
       sendfile on; tcp_nopush on;
       include carrel-edge/edge.conf;
     }`,
  )
}
